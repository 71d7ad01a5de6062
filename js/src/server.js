/** Where the server is: beside the page, whatever the page's address is. */

/** What the server says under `path`; `otherwise` if it says nothing. */
export async function ask(path, otherwise) {
  try {
    const answer = await fetch(new URL(path, document.baseURI));
    return answer.ok ? await answer.json() : otherwise;
  } catch {
    return otherwise;
  }
}

/** The address of its websocket. */
export function socketAddress() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = url.search = "";
  return url.href;
}
