// node preview.mjs CHECKER URL ARTICLES [SHOTS]: what tests/real/preview.sh has a browser do.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [checker, url, articles, shots] = process.argv.slice(2);
const require = createRequire(join(checker, 'check.mjs'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const executablePath = process.env.CHROMIUM
  || execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser'], { encoding: 'utf8' }).trim();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const SOON = 10_000;

const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
const wrong = [];
page.on('pageerror', (error) => wrong.push(error.message));
// Pictures that are switched off are refused by the policy: that is how they are switched off.
page.on('console', (said) => { if (said.type() === 'error' && !said.text().includes("img-src 'none'")) wrong.push(said.text()); });
await page.goto(url);
const frame = () => page.frameLocator('#frame');
const has = (words) => frame().getByText(words).first().waitFor({ timeout: SOON });
const file = join(articles, 'story-4.md');
const whole = readFileSync(file, 'utf8');
const save = (text) => { writeFileSync(`${file}.tmp`, text); renameSync(`${file}.tmp`, file); };

// Live, and what goes out.
await page.getByText('Live', { exact: true }).waitFor({ timeout: SOON });
await has('Story 9 of the day');
assert.equal(await page.locator('#side ol.articles li').count(), 10);

// From save to screen: until the words stand in the frame that is shown. An editor waits for it at every save.
const BAR = Number(process.env.PREVIEW_BAR ?? 200);
const timed = async (day, text) => {
  const times = [];
  for (let round = 0; round < 15; round += 1) {
    const words = `Saved in round ${round} of ${day}.`;
    const seen = page.evaluate(([words]) => new Promise((resolve) => {
      const look = () => {
        const text = document.querySelector('#frame:not(.coming)')?.contentDocument?.body?.innerText ?? '';
        if (text.includes(words)) resolve(Date.now()); else requestAnimationFrame(look);
      };
      look();
    }), [words]);
    await page.waitForTimeout(150);
    const saved = Date.now();
    save(text.replace(/---\n(?=The tide)/, `---\n${words} `));
    const shown = await Promise.race([seen, page.waitForTimeout(5000)]);
    assert.ok(shown, `${day}, round ${round}: the save is not on the screen after 5 s`);
    times.push(shown - saved);
  }
  times.sort((a, b) => a - b);
  console.log(`save to screen, ${day}: median ${times[7]} ms, fastest ${times[0]}, slowest ${times[14]} (15 saves)`);
  assert.ok(times[7] <= BAR, `${day}: a save takes ${times[7]} ms, and may take ${BAR}`);
};
await timed('a day of ten articles', whole);

// The same with a photograph as a telephone takes it: it is made ready once, not at each save.
const photograph = async () => {
  const darkroom = await browser.newPage();
  const encoded = await darkroom.evaluate(async () => {
    const canvas = new OffscreenCanvas(4000, 3000);
    const context = canvas.getContext('2d');
    const sky = context.createLinearGradient(0, 0, 4000, 3000);
    ['#27415e', '#c8d6df', '#5b6b3a'].forEach((colour, at) => sky.addColorStop(at / 2, colour));
    context.fillStyle = sky;
    context.fillRect(0, 0, 4000, 3000);
    // Grain, without which there would be nothing to decode.
    const grain = new OffscreenCanvas(512, 512);
    const pixels = new ImageData(512, 512);
    for (let at = 0; at < pixels.data.length; at += 1) pixels.data[at] = at % 4 === 3 ? 24 : Math.random() * 256;
    grain.getContext('2d').putImageData(pixels, 0, 0);
    context.fillStyle = context.createPattern(grain, 'repeat');
    context.fillRect(0, 0, 4000, 3000);
    const file = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    return new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result.split(',')[1]);
      reader.readAsDataURL(file);
    });
  });
  await darkroom.close();
  return Buffer.from(encoded, 'base64');
};
writeFileSync(join(articles, 'harbour.jpg'), await photograph());
const pictured = `${whole}\n![Boats in the harbour](harbour.jpg)\n`;
save(pictured);
await page.waitForFunction(() => {
  const picture = document.querySelector('#frame:not(.coming)')?.contentDocument?.querySelector('img[alt="Boats in the harbour"]');
  return picture?.naturalWidth === 1104;
}, null, { timeout: SOON });
await timed('with a photograph of 12 megapixels', pictured);
save(whole);
await page.waitForFunction(() => !document.querySelector('#frame:not(.coming)').contentDocument.querySelector('img[alt="Boats in the harbour"]'), null, { timeout: SOON });

// The scroll stays.
await page.evaluate(() => scrollTo(0, 1500));
save(whole.replace('The tide comes', 'Scrolled, the tide comes'));
await has('Scrolled, the tide comes');
await page.waitForTimeout(300);
assert.equal(await page.evaluate(() => scrollY), 1500, 'a save keeps the scroll');
await page.evaluate(() => scrollTo(0, 0));

// Broken: the place, the line, the remedy, and the last good edition; mended: nothing of it.
save(whole.replace('summary:', 'sumary:'));
const problem = page.locator('#problems .finding.error');
await problem.first().waitFor({ timeout: SOON });
const told = await problem.first().innerText();
assert.match(told, /articles\/story-4\.md:4:1/);
assert.match(told, /did you mean `summary`\?/);
assert.equal(await problem.first().locator('mark').innerText(), 'sumary');
assert.match(await page.locator('#problems').innerText(), /last edition that was in order/);
await has('Scrolled, the tide comes');
if (shots) await page.screenshot({ path: join(shots, 'error.png') });
save(whole);
await problem.first().waitFor({ state: 'detached', timeout: SOON });
await page.getByText('Ready.').waitFor({ timeout: SOON });

// Every width, and both schemes whatever the system prefers.
const background = () => page.evaluate(() => getComputedStyle(document.querySelector('#frame').contentDocument.body).backgroundColor);
const settled = (width) => page.waitForFunction((width) => document.querySelector('#frame')?.clientWidth === width, width, { timeout: SOON });
for (const width of [320, 375, 390, 800, 600]) {
  await page.locator(`#width-${width}`).click();
  await settled(width);
  const overflow = await page.evaluate(() => { const there = document.querySelector('#frame').contentDocument.documentElement; return there.scrollWidth - there.clientWidth; });
  assert.ok(overflow <= 0, `${width}: the message overflows by ${overflow} px`);
}
for (const system of ['light', 'dark']) {
  await page.emulateMedia({ colorScheme: system });
  for (const [scheme, colour] of [['dark', 'rgb(20, 23, 26)'], ['light', 'rgb(255, 255, 255)']]) {
    await page.locator(`#scheme-${scheme}`).click();
    await page.waitForFunction((colour) => getComputedStyle(document.querySelector('#frame').contentDocument.body).backgroundColor === colour, colour, { timeout: SOON })
      .catch(async () => assert.fail(`${scheme} on a ${system} system has ${await background()}`));
  }
}
await page.emulateMedia({ colorScheme: 'light' });
await page.locator('#styles-off').click();
await page.waitForFunction(() => ![...document.querySelector('#frame').contentDocument.querySelectorAll('style')].some((style) => style.textContent.includes('.px')), null, { timeout: SOON });
await page.locator('#images-off').click();
await page.waitForFunction(() => document.querySelector('#frame').getAttribute('src').includes('images=off'), null, { timeout: SOON });
await page.goto(url);

// The other views, by keyboard.
await page.locator('#tab-message').focus();
await page.keyboard.press('Tab');
await page.keyboard.press('Enter');
await page.locator('#plain').waitFor({ timeout: SOON });
assert.match(await page.locator('#plain').innerText(), /STORY \d OF THE DAY/);
assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-text', 'the focus stays');
await page.locator('#tab-source').click();
await page.locator('#source').waitFor({ timeout: SOON });
assert.match(await page.locator('#source').innerText(), /^Date: .*\nFrom: /);
await page.locator('#tab-headers').click();
await page.locator('#fields').getByText('List-Unsubscribe-Post', { exact: true }).waitFor({ timeout: SOON });
await page.locator('#tab-links').click();
await page.locator('#links').getByText('https://harbour.example/1', { exact: true }).first().waitFor({ timeout: SOON });
await page.goBack();
await page.locator('#fields').waitFor({ timeout: SOON });

// A reader.
await page.goto(`${url}?view=text`);
await page.locator('#reader-summary').click();
await page.locator('#find').fill('example');
await page.keyboard.press('Enter');
const first = page.locator('#found .rows a').first();
await first.waitFor({ timeout: SOON });
const address = await first.locator('b').innerText();
await first.click();
await page.locator('#plain').getByText(address).waitFor({ timeout: SOON });
assert.ok(!page.url().includes('@') && /reader=\d+/.test(page.url()), page.url());

// Nothing for axe to find, and nothing to scroll sideways, in light and dark, wide and narrow, whole and broken.
save(whole.replace('summary:', 'sumary:'));
let looks = 0;
for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 375]) {
    const look = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    for (const view of ['message', 'text', 'inbox', 'headers', 'source', 'links', 'findings']) {
      await look.goto(`${url}?view=${view}&width=320`);
      await look.locator('#problems .finding').first().waitFor({ timeout: SOON });
      await look.locator('#reader-summary').click();
      const sideways = await look.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(sideways <= 0, `${view} at ${width}: ${sideways} px to scroll sideways`);
      // The script's policy is the page's own: axe comes from outside it.
      await look.evaluate(axe);
      const { violations } = await look.evaluate(() => window.axe.run({ iframes: false }));
      const list = violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.target.join(' ')).join(', ')}`);
      assert.deepEqual(list, [], `${view} at ${width}, ${colorScheme}`);
      looks += 1;
      if (shots) await look.screenshot({ path: join(shots, `${view}-${width}-${colorScheme}.png`) });
    }
    await look.close();
  }
}
save(whole);
await page.getByText('Ready.').waitFor({ timeout: SOON });
assert.deepEqual(wrong, []);
console.log(`preview: ${looks} looks without a finding of axe`);
await browser.close();
