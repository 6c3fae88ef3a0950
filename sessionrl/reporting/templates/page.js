"use strict";
// The page is whole without scripts: they sort tables, choose colours, and open on paper what is folded on the screen.
{
  const root = document.documentElement;
  const THEMES = [["", "as the system"], ["light", "light"], ["dark", "dark"]];
  const button = document.getElementById("theme");

  // A page opened from a file may not be allowed to remember anything.
  const remembered = () => { try { return localStorage.getItem("sessionrl-theme") || ""; } catch { return ""; } };
  const remember = (theme) => { try { localStorage.setItem("sessionrl-theme", theme); } catch { return; } };

  const wear = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    button.querySelector("span").textContent = Object.fromEntries(THEMES)[theme];
  };

  const known = THEMES.some(([theme]) => theme === remembered());
  wear(known ? remembered() : "");
  button.hidden = false;
  button.addEventListener("click", () => {
    const at = THEMES.findIndex(([theme]) => theme === (root.dataset.theme || ""));
    const [theme] = THEMES[(at + 1) % THEMES.length];
    wear(theme);
    remember(theme);
  });

  // Beside the page there is room for the contents, above it only for their title.
  const narrow = matchMedia("(max-width: 1099px)");
  const fold = () => { document.getElementById("contents").open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();

  const numberOf = (text) => {
    const found = text.replaceAll(",", "").replaceAll("−", "-").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : null;
  };
  const wordsOf = (text) => (text === "–" ? null : text);
  const textOf = (cell) => (cell.querySelector(".value") || cell.firstChild || cell).textContent.trim();

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    if (original.length < 2) continue;
    const heads = [...table.querySelectorAll("tr.names th")];
    heads.forEach((head, column) => {
      const words = head.classList.contains("text");
      const sorter = document.createElement("button");
      sorter.type = "button";
      sorter.append(...head.childNodes);
      head.append(sorter);
      sorter.addEventListener("click", () => {
        // Numbers begin with the largest, words with the first; a third click brings back the order of the report.
        const order = words ? ["ascending", "descending"] : ["descending", "ascending"];
        const next = order[order.indexOf(head.getAttribute("aria-sort")) + 1];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (!next) { body.append(...original); return; }
        head.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1;
        const keyed = original.map((row) => [(words ? wordsOf : numberOf)(textOf(row.cells[column])), row]);
        keyed.sort(([a], [b]) => {
          if (a === null || b === null) return (a === null) - (b === null);  // what is missing stays behind
          return sign * (words ? a.localeCompare(b, "en", { numeric: true }) : a - b);
        });
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")].filter((one) => one.matches(".products, .reading, #findings"));
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
}
