// node site.mjs CHECKER STRAIGHT URL [FOLDER]: what a reader does on the web, step by step, in headless Chromium.
// The working directory is that of the running program. With FOLDER, a screenshot of each page at 375 and 1280 pixels.
// A step is a function in `steps`, in the order in which it is told; add your own with `step`.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import assert from 'node:assert/strict';
import { serve, walk } from './site_files.mjs';

const [checker, straight, base, shots] = process.argv.slice(2);
const require = createRequire(join(checker, 'check.mjs'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const playwright = await load('playwright-core');
const { chromium } = playwright.default ?? playwright;
const { HtmlValidate } = require('html-validate');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const PostalMime = (await load('postal-mime')).default;

const steps = [];
const step = (name, run) => steps.push({ name, run });
const visited = new Set();
let pages = 0;

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:recommended'],
  rules: { 'no-trailing-whitespace': 'off', 'void-style': 'off', 'doctype-style': 'off', 'long-title': 'off' },
});

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find((path) => { try { readFileSync(path, { flag: 'r', encoding: null }); return true; } catch { return false; } });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const context = await browser.newContext({ viewport: { width: 375, height: 800 } });
const page = await context.newPage();
const loud = [];
page.on('console', (message) => { if (message.type() === 'error' && !/status of (4\d\d)/.test(message.text())) loud.push(message.text()); });
page.on('pageerror', (error) => loud.push(String(error)));

/** Holds the page as it is shown against axe in light and dark, and its HTML against html-validate unless it is a mail. */
async function look(name, { mail = false } = {}) {
  pages += 1;
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    for (const width of [1280, 375]) {
      await page.setViewportSize({ width, height: 800 });
      const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      const told = found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(' | ')}`);
      assert.deepEqual(told, [], `${name} (${colorScheme}, ${width} wide): axe`);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: ${wide} pixels too wide at 375`);
  await page.setViewportSize({ width: 320, height: 800 });
  const broken = await page.evaluate(() => [...document.querySelectorAll('.address')]
    .filter((one) => one.offsetHeight > 1.5 * parseFloat(getComputedStyle(one).lineHeight)).map((one) => one.textContent));
  assert.deepEqual(broken, [], `${name}: an address is broken at 320`);
  await page.setViewportSize({ width: 375, height: 800 });
  // Facts for search engines are no script that runs.
  assert.equal(await page.locator('script:not([type="application/ld+json"])').count(), 0, `${name}: has a script`);
}

/** Holds the HTML as it is sent against html-validate. */
async function valid(name, html) {
  const report = await validator.validateString(html);
  const told = report.results.flatMap((result) => result.messages).filter((message) => message.severity === 2)
    .map((message) => `${message.line}: ${message.ruleId}: ${message.message}`);
  assert.deepEqual(told, [], `${name}: html-validate`);
}

/** Goes to `url` by GET, and remembers it. */
async function go(url, name, options = {}) {
  const address = new URL(url, base).href;
  if (!options.files) visited.add(address);
  const answer = await page.goto(address);
  assert.equal(answer.status(), options.status ?? 200, `${name}: ${address}`);
  if (!options.mail) await valid(name, await answer.text());
  await look(name, options);
}

/** Presses the button of this name, and looks at the page that comes. */
async function press(button, name, status = 200) {
  const [answer] = await Promise.all([
    page.waitForResponse((one) => one.request().method() === 'POST'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ]);
  await page.waitForLoadState();
  assert.equal(answer.status(), status, name);
  await valid(name, await answer.text());
  await look(name);
}

const heading = async (words) => assert.equal(await page.locator('h1').first().innerText(), words);

/** The newest mail to `to` whose subject has `words`, once `wanted` of them are in the outbox. */
async function mail(to, words, wanted = 1) {
  for (let tries = 0; tries < 150; tries += 1) {
    const names = readdirSync('outbox/new').filter((name) => name.includes(to)).sort();
    const found = [];
    for (const name of names.reverse()) {
      const parsed = await PostalMime.parse(readFileSync(join('outbox/new', name)));
      if (parsed.subject.includes(words)) found.push(parsed);
      if (found.length === wanted) return found[0];
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`no mail to ${to} about ${words}`);
}

const link = (parsed, path) => {
  const found = parsed.text.match(new RegExp(`${base}${path}[^\\s]*`));
  assert.ok(found, `${parsed.subject}: no link to ${path}`);
  return found[0];
};

/** Every row of the database, as one text. */
const dump = () => execFileSync('python3', ['-c',
  "import sqlite3\nfor line in sqlite3.connect('file:data/straight.db?mode=ro', uri=True).iterdump(): print(line)"],
  { encoding: 'utf8', maxBuffer: 1 << 28 });

let edition;
let article;

step('the first edition goes out', async () => {
  const said = execFileSync(straight, ['send'], { encoding: 'utf8' });
  assert.match(said, /Sent to \d+ of \d+ readers/);
});

step('a visitor signs up', async () => {
  await go('/', 'front');
  await page.getByLabel('Email address').fill('zoe@example.org');
  await press('Subscribe', 'thanks');
  await heading("Fantastic! Thanks for subscribing, you won't regret it.");
});

step('what is wrong is told beside its field', async () => {
  await go('/subscribe', 'subscribe');
  await page.getByLabel('Email address').fill('zoe');
  await press('Subscribe', 'subscribe-wrong', 422);
  assert.match(await page.getByLabel('Email address').getAttribute('aria-describedby'), /email-error/);
});

step('the owner of the address says yes', async () => {
  await go(link(await mail('zoe@example.org', 'Please confirm'), '/confirm/'), 'confirm');
  await press('Yes, subscribe me', 'confirmed');
  await heading('You are subscribed');
  const welcome = await mail('zoe@example.org', 'Welcome');
  await go(link(welcome, '/editions/'), 'edition');
  await page.getByRole('link', { name: 'As it was mailed' }).click();
  await go(page.url(), 'edition-as-mailed', { mail: true });
  await page.getByRole('link', { name: 'This edition on the site' }).click();
  assert.ok(await page.locator('article.story').count() > 0, 'and back to the page');
});

step('an edition comes and is read in the browser', async () => {
  const article = '---\ntitle: The Ferry Sails Again\ndate: 2025-11-04\nsummary: Six sailings a day.\nhighlights: [Six sailings]\n---\nThe ferry sails.\n';
  // By the publication's clock, as in two_nodes.sh.
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(new Date());
  const { writeFileSync } = await import('node:fs');
  writeFileSync('articles/ferry.md', article.replace('2025-11-04', today));
  const said = execFileSync(straight, ['send', '--edition', `${today}-ferry`], { encoding: 'utf8' });
  assert.match(said, /Sent to 1 of 1 reader/, said);
  edition = await mail('zoe@example.org', 'The Ferry Sails Again');
  await go(link(edition, '/editions/'), 'edition-ferry');
  assert.equal(await page.locator('h2').first().innerText(), 'The Ferry Sails Again');
  assert.equal(await page.getByLabel('Email address').count(), 1, 'the sign-up box stands after the edition');
  assert.ok(!(await page.content()).includes('zoe@'), 'nothing personal on the web');
});

step('a reader changes what they get', async () => {
  const path = link(edition, '/preferences/');
  await go(path, 'preferences');
  await page.getByLabel('Your name').fill('Zoë');
  await page.getByLabel('Pause until').fill('2020-01-01');
  await press('Save', 'preferences-wrong', 422);
  const day = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('Pause until').fill(day);
  await press('Save', 'preferences-saved');
  assert.equal(await page.getByLabel('Pause until').inputValue(), day);
  await press('Send me my data', 'data');
  const data = await mail('zoe@example.org', 'Your data');
  const known = JSON.parse(new TextDecoder().decode(data.attachments[0].content));
  assert.deepEqual([known.email, known.name, known.status], ['zoe@example.org', 'Zoë', 'active']);
  await go(path, 'preferences-again');
  await page.getByLabel('New email address').fill('zoe.new@example.org');
  await press('Send me a letter there', 'address-asked');
  await go(link(await mail('zoe.new@example.org', 'new address'), '/address/'), 'address');
  await press('Yes, send it here', 'address-done');
  const told = await mail('zoe@example.org', 'Your new address');
  await go(path, 'preferences-held');
  assert.equal(await page.getByRole('button', { name: 'Send me my data' }).count(), 0, 'no data for now');
  await go(`${path}/erase`, 'erase-held');
  await go(link(told, '/put-back/'), 'put-back');
  await press('This was not me, put it back', 'put-back-done');
  await go(`${path}/erase`, 'erase');
});

step('a reader leaves and finds the way back', async () => {
  await go(link(edition, '/unsubscribe/'), 'unsubscribe');
  await press('Unsubscribe', 'goodbye');
  await heading('You are unsubscribed');
  await mail('zoe@example.org', 'Goodbye');
  await go(link(edition, '/preferences/'), 'left');
  await page.getByRole('link', { name: /Subscribe again/ }).click();
  await page.getByLabel('Email address').fill('zoe@example.org');
  await press('Subscribe', 'thanks-again');
  await go(link(await mail('zoe@example.org', 'Please confirm', 2), '/confirm/'), 'confirm-again');
  await press('Yes, subscribe me', 'confirmed-again');
});

step('a reader is forgotten', async () => {
  await go(`${link(edition, '/preferences/')}/erase`, 'erase-again');
  await press('Erase everything', 'erased');
  assert.ok(!dump().includes('zoe'), 'nothing is left of who is erased');
});

step('a visitor searches, reads, and finds the author, the topic and the next article', async () => {
  await go('/', 'front-with-editions');
  await page.goto(new URL('/search?q=reserves', base).href);
  await go(page.url(), 'search');
  assert.ok(await page.locator('mark').count() > 0, 'the words are marked');
  await go('/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E', 'search-nothing');
  await go('/search?q=reserves', 'search');
  await go(await page.locator('main a[href*="/articles/"]').first().getAttribute('href'), 'article');
  article = page.url();
  const leads = async (selector) => page.locator(selector).first().getAttribute('href');
  const [author, topic, around] = [await leads('a[rel=author]'), await leads('.tags a'), await leads('nav.around a')];
  await go(author, 'author');
  await go(topic, 'topic');
  await go(around, 'article-beside');
  await go('/editions/', 'editions');
});

step('a visitor comments, a moderator approves, and then it is shown', async () => {
  await go(article, 'article-to-comment');
  await page.evaluate(() => { document.querySelector('.comments form').noValidate = true; });
  await page.getByLabel('Comment *').fill('Well *said*, <script>alert(1)</script>');
  await press('Send the comment', 'comment-wrong', 422);
  assert.equal(await page.getByLabel('Comment *').inputValue(), 'Well *said*, <script>alert(1)</script>');
  await page.getByLabel('Name *').fill('Ina');
  await page.locator('#comment-email').fill('ina@example.org');
  await press('Send the comment', 'comment-thanks');
  await heading('Thank you for your comment');
  await go(article, 'article-before-approval');
  assert.equal(await page.locator('.said li').count(), 0);

  const letter = await mail('desk@example.org', 'To decide: Ina');
  assert.ok(!letter.text.includes('ina@example.org') && !letter.html.includes('<script'));
  await go(link(letter, '/moderate/'), 'moderate');
  await press('Approve', 'approved');
  await go(article, 'article-with-comment');
  // Browsers may keep a page for a minute.
  await page.reload();
  assert.equal(await page.locator('.said li em').innerText(), 'said');
  assert.ok(!(await page.content()).includes('ina@example.org'));
});

step('the other pages', async () => {
  await go('/editions/', 'editions');
  await go('/embed', 'embed');
  await go('/nowhere', 'nowhere', { status: 404 });
  await go('/confirm/1.1.1.forged', 'forged', { status: 404 });
});

step('the archive as files stands on any server', async () => {
  execFileSync(straight, ['site', '--out', 'public']);
  const files = await serve('public');
  // In a page of its own, whose policy is nobody's.
  const reader = await browser.newPage();
  const paths = await walk(reader, files.origin, base);
  await reader.close();
  const first = (pattern) => paths.find((path) => pattern.test(path)) ?? assert.fail(`no ${pattern} in ${paths}`);
  const kinds = {
    front: /^\/$/, editions: /^\/editions\/$/, month: /^\/editions\/\d{4}-\d\d$/, edition: /^\/editions\/\d{4}-\d\d-\d\d$/,
    mail: /^\/editions\/.*\/mail$/, article: /^\/articles\//, author: /^\/authors\//, topic: /^\/tags\//, lost: /^\/404\.html$/,
  };
  for (const [kind, pattern] of Object.entries(kinds)) {
    await go(files.origin + first(pattern), `files-${kind}`, { mail: kind === 'mail', files: true });
  }
  await go(`${files.origin}/nowhere`, 'files-nowhere', { status: 404, files: true });
  assert.ok(paths.length > 20, `${paths.length} addresses`);
  files.close();
});

step('every address fetched three times changes nothing', async () => {
  await new Promise((done) => setTimeout(done, 6_000));
  const before = dump();
  for (const address of visited) {
    for (let times = 0; times < 3; times += 1) {
      await (await fetch(address)).text();
      await fetch(address, { method: 'HEAD' });
    }
  }
  assert.equal(dump(), before);
});

try {
  for (const { name, run } of steps) {
    await run();
    console.log(`ok: ${name}`);
  }
  assert.deepEqual(loud, [], 'the browser complains of nothing');
  console.log(`site: ${steps.length} steps, ${pages} pages looked at in light and dark, ${visited.size} addresses that change nothing`);
} finally {
  await browser.close();
}
