// The distribution's Chromium, and what is looked at on every page.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = process.env.RECADO_SHOTS ?? "target/browser";

export const LANGUAGES = { "pt-BR": "pt-BR", es: "es-MX", en: "en-US" };

mkdirSync(SHOTS, { recursive: true });

let running;

/** One browser for all tests. */
export async function browser() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  running ??= await chromium.launch({ executablePath, args: process.getuid() === 0 ? ["--no-sandbox"] : [] });
  return running;
}

export async function closeBrowser() {
  await running?.close();
}

/** A person at a screen, logged in; `complaints` gathers what the console and the page say of errors. */
export async function visit(house, { width = 1440, language = "en", theme = "light", token = house.token, zone } = {}) {
  const size = { width, height: 900 };
  const context = await (await browser()).newContext({ viewport: size, locale: LANGUAGES[language], colorScheme: theme, timezoneId: zone });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("dialog", (dialog) => dialog.accept());
  await page.goto(`${house.url}/login#${token}`);
  await page.waitForURL(`${house.url}/`);
  return page;
}

/** What is wider than the screen. */
export function overflowing(page) {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter((element) => {
      const scrolls = (each) => each && (["auto", "scroll", "hidden"].includes(getComputedStyle(each).overflowX) || scrolls(each.parentElement));
      return element.getBoundingClientRect().right > innerWidth + 1 && !scrolls(element.parentElement);
    });
    return wide.map((element) => element.outerHTML.slice(0, 120));
  });
}

/** What axe-core finds against WCAG 2.2, levels A and AA. */
export async function inaccessible(page) {
  // The policy of the page lets no script in by a tag; the debugger is not bound by it.
  await page.evaluate(`${readFileSync(AXE, "utf8")};undefined`);
  const found = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** Words of English that stand on a page of another language, beside what is marked as English. */
export function english(page) {
  return page.evaluate(() => {
    const words = /\b(the|is|are|was|were|not|and|of|with|which|until|there|does|nothing)\b/i;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walk.nextNode()) {
      const holder = walk.currentNode.parentElement;
      if (holder.closest("[lang=en], code, script, template, textarea")) continue;
      if (words.test(walk.currentNode.data)) found.push(walk.currentNode.data.trim().slice(0, 120));
    }
    return found;
  });
}

/** Keeps a picture. */
export function shoot(page, name) {
  return page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}
