"""Pictures of products from where the shop has them -> small ones inside the page."""

import base64


def data_uri(kind: str, content: bytes) -> str:
    """``data:image/svg+xml;base64,…``: of letters that need no escaping anywhere."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
