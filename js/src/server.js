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

/** The server counts all that one page opens as one place. (`randomUUID` is not there without https.) */
const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The address of its websocket. */
export function socketAddress() {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = url.search = "";
  url.searchParams.set("page", PAGE);
  return url.href;
}
