// A link such as /login#TOKEN logs in by itself: what stands behind # is never sent to a server or written to a log.
"use strict";
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  const form = document.getElementById("login");
  form.elements.token.value = token;
  form.requestSubmit();
}
