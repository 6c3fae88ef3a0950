"use strict";
// Draws a figure of plotly over its static panels once it comes near. Everything it needs lies packed in this page.
{
  const root = document.documentElement;
  const PALETTE = {{ colours|tojson }};

  const unpack = async (id) => {
    const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (sign) => sign.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  let loading;
  const plotly = () => loading ??= unpack("plotly").then((text) => {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
    return window.Plotly;
  });

  // The figure names colours as a file of its own would have them; the page has others by day and by night.
  const painted = (value) => {
    if (typeof value === "string") {
      const style = getComputedStyle(root);
      return Object.entries(PALETTE).reduce((text, [name, colour]) => text.replaceAll(colour, style.getPropertyValue(`--${name}`).trim()), value);
    }
    if (Array.isArray(value)) return value.map(painted);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === "customdata" ? inner : painted(inner)]));
    }
    return value;
  };

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    made.textContent = text;  // never as HTML: names are the shop's
    if (name) made.className = name;
    return made;
  };

  class LiveMap {
    constructor(box, figure) {
      this.box = box;
      this.plot = box.querySelector(".plot");
      this.card = box.querySelector(".card");
      this.items = figure.data[0].customdata;
      this.pictures = figure.layout.meta.pictures;
      this.menus = figure.layout.updatemenus || [];
      delete figure.layout.updatemenus;  // a keyboard cannot reach those of plotly
      delete figure.layout.template;
      delete figure.data[0].hovertemplate;
      figure.data[0].hoverinfo = "none";
      this.figure = figure;
      this.chosen = this.menus.map(() => 0);
      this.found = null;
      this.at = -1;
    }

    async draw() {
      const narrow = this.box.clientWidth < 560;
      const { data, layout } = painted(this.figure);
      layout.dragmode = narrow ? false : "zoom";  // a finger scrolls the page
      layout.height = narrow ? 380 : 640;
      layout.margin.t = 36;
      const [muted, ink] = painted([PALETTE.muted, PALETTE.ink]);
      layout.modebar = { bgcolor: "rgba(0,0,0,0)", color: muted, activecolor: ink };
      for (const [nth, menu] of this.menus.entries()) {
        for (const [key, values] of Object.entries(painted(menu.buttons[this.chosen[nth]].args[0]))) {
          data.forEach((trace, at) => {
            if (values[at] === null || values[at] === undefined) return;
            const steps = key.split(".");
            const last = steps.pop();
            steps.reduce((inside, step) => inside[step] ??= {}, trace)[last] = values[at];
          });
        }
      }
      if (narrow) this.shrink(data);
      data[0].selectedpoints = this.found;
      const buttons = [["zoomIn2d", "zoomOut2d", "resetScale2d"], ["zoom2d", "pan2d"]];
      await window.Plotly.react(this.plot, data, layout, { responsive: true, displaylogo: false, displayModeBar: true, modeBarButtons: buttons });
    }

    // On a telephone dots and names are smaller, and the scale of colours lies below the map, which then has the whole width.
    shrink([items, ...names]) {
      for (const one of names) one.textfont.size = 10;
      items.marker.size *= 0.7;
      items.selected.marker.size *= 0.7;
      const scale = items.marker.colorbar;
      if (!scale) return;
      Object.assign(scale, { orientation: "h", x: 0.5, xanchor: "center", y: 0, yanchor: "top", len: 0.9 });
      scale.title.side = "top";
    }

    listen() {
      const controls = this.box.querySelector(".controls");
      for (const [nth, menu] of this.menus.entries()) {
        if (menu.buttons.length < 2) continue;
        const label = element("label", `${menu.name} `);
        const list = document.createElement("select");
        list.append(...menu.buttons.map((button, at) => new Option(button.label, at)));
        list.addEventListener("change", () => { this.chosen[nth] = Number(list.value); this.draw(); });
        label.append(list);
        controls.prepend(label);
      }
      controls.addEventListener("submit", (event) => { event.preventDefault(); this.next(); });
      controls.elements.find.addEventListener("input", (event) => this.search(event.target.value));
      this.plot.on("plotly_hover", (event) => this.show(event.points[0].pointIndex, event.event));
      this.plot.on("plotly_unhover", () => { this.card.hidden = true; });
      const again = () => this.draw();
      new MutationObserver(again).observe(root, { attributeFilter: ["data-theme"] });
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    }

    search(text) {
      const wanted = text.trim().toLowerCase();
      const said = this.box.querySelector("output");
      this.found = null;
      this.at = -1;
      this.card.hidden = true;
      said.textContent = "";
      if (wanted) {
        this.found = this.items.flatMap(([id, name], at) => (`${id} ${name}`.toLowerCase().includes(wanted) ? [at] : []));
        said.textContent = this.found.length === 1 ? "1 item" : `${this.found.length.toLocaleString("en")} items`;
        if (this.found.length === 1) this.show(this.found[0]);
      }
      this.draw();
    }

    // Every Enter shows the next item that was found: a keyboard cannot point at dots.
    next() {
      if (!this.found?.length) return;
      this.at = (this.at + 1) % this.found.length;
      this.show(this.found[this.at]);
      this.box.querySelector("output").textContent = `${this.at + 1} of ${this.found.length.toLocaleString("en")}: ${this.items[this.found[this.at]][1]}`;
    }

    show(at, pointer) {
      const [id, name, category, price, events] = this.items[at];
      const parts = [];
      if (this.pictures[at]) {
        const picture = document.createElement("img");
        picture.src = this.pictures[at];
        picture.alt = "";
        parts.push(picture);
      }
      parts.push(element("strong", name));
      const words = [name === id ? "" : id, [category, price].filter(Boolean).join(" · "), `${events} events`];
      parts.push(...words.filter(Boolean).map((text) => element("span", text)));
      this.card.replaceChildren(...parts);
      this.card.hidden = false;
      const inside = this.box.getBoundingClientRect();
      const x = pointer ? pointer.clientX - inside.left + 14 : 8;
      const y = pointer ? pointer.clientY - inside.top + 14 : this.plot.offsetTop + 8;
      this.card.style.left = `${Math.max(0, Math.min(x, inside.width - this.card.offsetWidth))}px`;
      this.card.style.top = `${Math.min(y, inside.height - this.card.offsetHeight)}px`;
    }
  }

  const begin = async (box) => {
    try {
      const [, text] = await Promise.all([plotly(), unpack(`data-${box.dataset.figure}`)]);
      const map = new LiveMap(box, JSON.parse(text));
      box.hidden = false;
      await map.draw();
      map.listen();
      box.closest("figure").classList.add("alive");
    } catch (error) {
      box.hidden = true;  // the static panels are there
      box.dataset.failed = error;
    }
  };

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      begin(target.querySelector(".live"));
    }
  }, { rootMargin: "600px" });
  if ("DecompressionStream" in window) {
    for (const box of document.querySelectorAll(".live")) near.observe(box.closest("figure"));
  }
}
