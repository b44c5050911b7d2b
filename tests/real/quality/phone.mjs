// What the checker's views do not ask: an edition in its whole width, and on a telephone of 375 and 320 pixels, with letters of
// the usual and of twice the size. Nothing may run over the edge, and no words are smaller than EMAIL.md has them. In the usual size no
// number of a table is cut and no word where it has no hyphen, and in the whole width no word at all.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const WHOLE_WIDTH = 600;
const SMALLEST_LETTERS = 14;
const VIEWS = [1, 2].flatMap((letters) => [800, WHOLE_WIDTH, 375, 320].map((width) => ({ width, letters })));

/** The browser that the checker takes: `CHROMIUM`, or the first of its names on the path. */
function browserPath() {
  const folders = (process.env.PATH ?? '').split(':');
  const paths = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return process.env.CHROMIUM ?? paths.find((path) => existsSync(path));
}

/** The bars that `html` misses, as the judge tells them. */
export async function onThePhone(html, checker) {
  const { chromium } = createRequire(join(checker, 'check.mjs'))('playwright-core');
  const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  const missed = [];
  try {
    for (const { width, letters } of VIEWS) {
      const page = await browser.newPage({ viewport: { width, height: 700 } });
      await page.route('**/*', (route) => route.abort());
      await page.setContent(html, { waitUntil: 'load', timeout: 15000 });
      const { overflow, cut, smallest } = await page.evaluate(measure, { letters, hyphens: width < WHOLE_WIDTH });
      const view = `${width} pixels, letters of ${letters * 100} %`;
      if (overflow > 0) missed.push({ figure: `phone/overflow_px (${view})`, got: overflow, bar: '<= 0' });
      if (letters === 1 && cut.length > 0) missed.push({ figure: `phone/words_cut_in_tables (${view})`, got: cut, bar: 'empty' });
      if (smallest < SMALLEST_LETTERS) missed.push({ figure: `phone/smallest_letters_px (${view})`, got: smallest, bar: `>= ${SMALLEST_LETTERS}` });
      await page.close();
    }
  } finally {
    await browser.close();
  }
  return missed;
}

// Runs in the page.
function measure({ letters, hyphens }) {
  const sizes = [document.body, ...document.body.querySelectorAll('*')].map((element) => {
    const { fontSize, lineHeight } = getComputedStyle(element);
    return { element, fontSize: parseFloat(fontSize), lineHeight: parseFloat(lineHeight) };
  });
  for (const { element, fontSize, lineHeight } of letters === 1 ? [] : sizes) {
    element.style.setProperty('font-size', `${fontSize * letters}px`, 'important');
    if (lineHeight) element.style.setProperty('line-height', `${lineHeight * letters}px`, 'important');
  }
  const smallest = Math.min(...sizes.filter(({ element }) => shows(element)).map(({ fontSize }) => fontSize * letters));
  const lines = (range) => new Set([...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top))).size;
  const whole = (element) => { const range = document.createRange(); range.selectNodeContents(element); return range; };
  // Numbers, whose spaces are no ends of words either.
  const cut = [...document.querySelectorAll('.n')].filter((number) => /\p{N}/u.test(number.textContent) && lines(whole(number)) > 1).map((number) => number.textContent);
  for (const table of document.querySelectorAll('.body table')) {
    const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      // What may stand on a line of its own: a word, or where hyphens may its part up to a soft hyphen or a zero-width space.
      for (const part of texts.currentNode.nodeValue.matchAll(hyphens ? /[^\s\u00ad\u200b-]+/g : /[^ \n-]+/g)) {
        const tops = new Set(Array.from(part[0], (_, at) => {
          const range = document.createRange();
          range.setStart(texts.currentNode, part.index + at);
          range.setEnd(texts.currentNode, part.index + at + 1);
          // The first letter behind a hyphen that is shown has the hyphen's box before its own.
          return Math.round([...range.getClientRects()].at(-1)?.top);
        }).filter(Number.isFinite));
        if (tops.size > 1) cut.push(part[0]);
      }
    }
  }
  return { overflow: Math.max(0, document.scrollingElement.scrollWidth - window.innerWidth), cut, smallest };

  // Whether it has words of its own that are seen; the preheader is for lists of mails.
  function shows(element) {
    const words = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && /\S/.test(node.nodeValue));
    return words && element.getClientRects().length > 0;
  }
}
