// node judge.mjs CHECKER MAIL: holds one mail against the checker's bars and prints its verdict and figures as JSON.
// MAIL is JSON: {eml, stories, key, kind}.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onThePhone } from './phone.mjs';

const [folder, given] = process.argv.slice(2);
const mail = JSON.parse(given);
const load = (name) => import(pathToFileURL(join(folder, name)));
const { check } = await load('check.mjs');
const { judge } = await load('bars.mjs');
const postal = await import(pathToFileURL(createRequire(join(folder, 'check.mjs')).resolve('postal-mime')));

/** Bars that say nothing of a letter, and why; one that is held all the same must not stand here. */
const NOT_OF_LETTERS = {
  'structure/view_in_browser_link': 'a letter has links of one reader, and no page on the web shows it',
};
const NOT_OF_WHO_IS_NOT_SUBSCRIBED = {
  'structure/unsubscribe_link': 'who is not subscribed has nothing to leave',
  'structure/preferences_link': 'who is not subscribed has nothing to change',
  'text/unsubscribe_url': 'who is not subscribed has nothing to leave',
  'headers/list_unsubscribe_https': 'who is not subscribed has nothing to leave',
  'headers/list_unsubscribe_one_click': 'who is not subscribed has nothing to leave',
};
const IN_PLAIN_TEXT = ['text/', 'headers/'];
const NOT_OF_PLAIN_TEXT = { 'text/word_ratio_to_html': 'there is no HTML', 'headers/text_before_html': 'there is no HTML' };
if (mail.kind === 'alarm') await alarm();
const { 'structure/preferences_link': _, ...NOT_OF_DATA } = NOT_OF_WHO_IS_NOT_SUBSCRIBED;
const waived = ['welcome', 'already'].includes(mail.kind) ? NOT_OF_LETTERS
  : mail.kind === 'data' ? { ...NOT_OF_LETTERS, ...NOT_OF_DATA }
  : mail.kind ? { ...NOT_OF_LETTERS, ...NOT_OF_WHO_IS_NOT_SUBSCRIBED } : {};

/** In an edition of several articles these are taken for one: they grow with its length. Headlines are none. */
const GROWS = ['support/doiuse/', 'support/doiuse_base_errors'];

const { email } = JSON.parse(readFileSync(join(folder, 'bars.json'), 'utf8'));
for (const bar of email) if (GROWS.some((name) => bar[0].startsWith(name))) bar[2] *= mail.stories ?? 1;
const result = await check(mail.eml, { vnu: true });
const { html } = await (postal.default ?? postal).parse(readFileSync(mail.eml));
const onPhones = mail.kind ? [] : await onThePhone(html, folder);

// The checker knows the way to the web by English words; in another language it is known by where it leads.
const known = result.structure.view_in_browser_link;
const byAddress = [];
if (!mail.kind && !known && !result.structure.lang.startsWith('en')) {
  const way = new RegExp(`<a [^>]*href="https://[^"]*/editions/${mail.key}"[^>]*>[^<]*\\p{L}[^<]*</a>`, 'u');
  result.structure.view_in_browser_link = way.test(html.slice(0, html.indexOf('<h1')));
  byAddress.push('structure/view_in_browser_link');
}

const all = judge(result, { email });
const { passed, failed, not_measured: missing } = judge(result, { email: email.filter(([figure]) => !(figure in waived)) });
const missedAnyway = [...all.failed.map(({ figure }) => figure), ...all.not_measured];
const stale = Object.keys(waived).filter((figure) => !missedAnyway.includes(figure));

const errors = (group) => result.support.doiuse[group].errors;
console.log(JSON.stringify({
  held: passed,
  missed: [
    ...failed,
    ...onPhones,
    ...missing.map((figure) => ({ figure, got: 'not measured' })),
    ...stale.map((figure) => ({ figure, got: 'held, though judge.mjs says that it says nothing of this mail' })),
  ],
  waived,
  byAddress,
  kib: Math.ceil(result.size.bytes / 1024),
  errors: ['gmail.*', 'outlook.*', 'apple-mail.*', 'yahoo.*'].map(errors),
  axe: result.browser.axe_rules_violated,
  contrast: result.browser.min_contrast.toFixed(1),
  textLines: result.text.lines,
  words: result.text.word_ratio_to_html,
}));

/** A letter of plain text: held to the bars of text and header. */
async function alarm() {
  const { plain, headers } = await load('text.mjs');
  const raw = readFileSync(mail.eml, 'utf8');
  const parsed = await (postal.default ?? postal).parse(raw);
  const bars = JSON.parse(readFileSync(join(folder, 'bars.json'), 'utf8')).email;
  const waived = Object.fromEntries(Object.entries({ ...NOT_OF_LETTERS, ...NOT_OF_WHO_IS_NOT_SUBSCRIBED, ...NOT_OF_PLAIN_TEXT })
    .filter(([figure]) => IN_PLAIN_TEXT.some((part) => figure.startsWith(part))));
  const held = bars.filter(([figure]) => IN_PLAIN_TEXT.some((part) => figure.startsWith(part)) && !(figure in waived));
  const text = plain(parsed.text, parsed.text.split(/\s+/).length);
  const { passed, failed, not_measured: missing } = judge({ kind: 'email', text, headers: headers(raw, parsed) }, { email: held });
  console.log(JSON.stringify({
    held: passed, missed: [...failed, ...missing.map((figure) => ({ figure, got: 'not measured' }))], waived, byAddress: [],
    kib: 0, errors: [0, 0, 0, 0], axe: 0, contrast: '–', textLines: text.lines, words: 1,
  }));
  process.exit(0);
}
