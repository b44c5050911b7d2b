// node main.mjs CHECKER STRAIGHT [FOLDER] [NAMES]: makes the mails, measures them two at a time, writes
// docs/email-quality.md, and fails when a bar is missed or the page as committed gave another verdict.
// With FOLDER, the mails stay there; with NAMES (one,several), only these are measured and nothing is written.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { editions, letters, makeEdition, makeLetters } from './mails.mjs';

const [checker, binary, kept, only] = process.argv.slice(2);
const straight = resolve(binary);
const page = 'docs/email-quality.md';
const names = only ? only.split(',') : null;
const wanted = ({ name }) => !names || names.includes(name);
const work = mkdtempSync(join(tmpdir(), 'straight-quality-'));

try {
  const mails = await make();
  if (kept) for (const { name, eml } of mails) { mkdirSync(kept, { recursive: true }); copyFileSync(eml, join(kept, `${name}.eml`)); }
  await twoAtATime(mails, async (mail) => {
    const { stdout } = await promisify(execFile)('node', ['tests/real/quality/judge.mjs', checker, JSON.stringify(mail)], { maxBuffer: 1 << 26 });
    mail.verdict = JSON.parse(stdout);
    const { held, missed, waived } = mail.verdict;
    console.log(`${mail.name}: ${held} bars held, ${missed.length} missed, ${Object.keys(waived).length} not of this mail`);
    for (const miss of missed) console.error(`${mail.name}: missed: ${JSON.stringify(miss)}`);
  });
  if (mails.some(({ verdict }) => verdict.missed.length > 0)) process.exitCode = 1;
  if (!names) write(mails);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function make() {
  // Letters take the time that a server takes to write them; editions are made beside.
  const byLanguage = grouped(letters.filter(wanted));
  const written = [...byLanguage].map(async ([from, some]) => {
    const paths = await makeLetters(from, straight, work);
    return some.map((letter) => ({ ...letter, eml: paths[letter.kind] }));
  });
  const edited = (async () => {
    const made = [];
    for (const edition of editions.filter(wanted)) made.push({ ...edition, ...await makeEdition(edition, straight, work) });
    return made;
  })();
  // All of them end before the first failure is told: they have servers, and write below one folder.
  const done = await Promise.allSettled([edited, ...written]);
  const failed = done.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return done.flatMap(({ value }) => value);
}

function grouped(list) {
  const groups = new Map();
  for (const one of list) groups.set(one.from, [...(groups.get(one.from) ?? []), one]);
  return groups;
}

async function twoAtATime(list, work) {
  const queue = [...list];
  const worker = async () => { for (let next = queue.shift(); next; next = queue.shift()) await work(next); };
  await Promise.all([worker(), worker()]);
}

/** The page; what a run must agree on with the page that is committed are the verdicts, the first columns. */
function write(mails) {
  const before = existsSync(page) ? verdicts(readFileSync(page, 'utf8')) : '';
  const row = ({ says, articles, verdict }) => {
    const { held, missed, waived, byAddress, kib, errors, axe, contrast, textLines } = verdict;
    const mark = byAddress.length ? ' ¹' : '';
    const many = articles > 1 ? ` (${articles} articles)` : '';
    return `| ${says}${many} | ${held}${mark} | ${missed.length} | ${Object.keys(waived).length} | ${kib} | ${errors.join(' · ')} | ${axe} | ${contrast} | ${textLines} |`;
  };
  const reasons = new Map();
  for (const { verdict } of mails) {
    for (const [figure, why] of Object.entries(verdict.waived)) reasons.set(figure, why);
  }
  const text = readFileSync('tests/real/quality/page.md', 'utf8')
    .replace('{{bars}}', JSON.parse(readFileSync(join(checker, 'bars.json'), 'utf8')).email.length)
    .replace('{{editions}}', mails.filter(({ kind }) => !kind).map(row).join('\n'))
    .replace('{{letters}}', mails.filter(({ kind }) => kind).map(row).join('\n'))
    .replace('{{waived}}', [...reasons].map(([figure, why]) => `- \`${figure}\`: ${why}.`).join('\n'));
  writeFileSync(page, text);
  if (before !== verdicts(text)) {
    console.error(`${page} as committed gives other verdicts than this run; it is written anew: look at it and commit it`);
    process.exitCode = 1;
  }
}

function verdicts(text) {
  const rows = text.split('\n').filter((line) => /^\| .* \| \d/.test(line));
  return rows.map((line) => line.split('|').slice(1, 5).map((cell) => cell.trim()).join(' | ')).join('\n');
}
