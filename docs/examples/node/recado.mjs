// What the other examples share: one request to Recado. Node 18 or later; no packages.

const { RECADO_URL, RECADO_TOKEN } = process.env;

/** Recado says no: a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(status, document) {
    super(`${document.detail ?? document.title} (${status})`);
    this.status = status;
    this.document = document;
  }
}

/** The open answer; a Problem where it is none of 200 to 299. */
export async function ask(method, path, body, accept = "application/json") {
  const headers = { Authorization: `Bearer ${RECADO_TOKEN}`, Accept: accept, "Content-Type": "application/json" };
  const answer = await fetch(RECADO_URL + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Problem(answer.status, await answer.json());
  return answer;
}

export const get = async (path) => (await ask("GET", path)).json();
export const post = async (path, body) => (await ask("POST", path, body)).json();
