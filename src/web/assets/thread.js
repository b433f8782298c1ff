// A conversation is read from its end, and goes on being read there when something comes.
"use strict";
const thread = document.getElementById("thread");
const NEAR = 80;
let follows = true;

function toEnd() {
  if (follows) thread.scrollTop = thread.scrollHeight;
}

thread.addEventListener("scroll", () => {
  follows = thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR;
});
new MutationObserver(toEnd).observe(thread, { childList: true });
toEnd();
