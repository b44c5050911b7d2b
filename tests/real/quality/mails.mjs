// The mails that are measured, and how each is made: by the program itself, sent into an outbox of its own.
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const fixtures = 'tests/fixtures/quality';
const pictures = join(fixtures, 'pictures');
const reader = 'subscribers:\n  - {email: ann.reader@example.org, name: Ann Reader, since: 2025-06-02}\n';

/** Editions: whose publication, which articles (the last day's; earlier ones are its recent news), what is special. */
export const editions = [
  { name: 'one', says: 'one article', from: 'sample', articles: ['the-hard-part-is-the-separating.md'] },
  { name: 'several', says: 'a day of several articles', from: 'sample' },
  { name: 'bare', says: 'no picture, no summary, no highlights, no author', from: 'english', articles: ['bare.md'] },
  { name: 'picture', says: 'a picture with its caption', from: 'english', articles: ['the-ferry-bell.md', 'yesterday.md'] },
  { name: 'long-title', says: 'a title of 210 characters with a word of 58', from: 'english', articles: ['the-longest-sign.md'] },
  { name: 'rich', says: 'code, a wide table, footnotes, quotes, nested lists', from: 'english', articles: ['the-tide-mill.md', 'yesterday.md'] },
  { name: 'tables', says: 'tables of two to fourteen columns', from: 'english', articles: ['the-harbour-ledger.md', 'yesterday.md'] },
  { name: 'twenty', says: 'twenty articles, shortened by the size limit', from: 'english', articles: [], many: twentyArticles },
  { name: 'hundred', says: 'a hundred short articles, most of them as headlines', from: 'english', articles: [], many: () => notes('english', 100) },
  { name: 'hundred-de', says: 'the same in German', from: 'german', articles: [], many: () => notes('german', 100) },
  { name: 'hundred-ar', says: 'the same in Arabic', from: 'arabic', articles: [], many: () => notes('arabic', 100) },
  { name: 'four-hundred', says: 'four hundred, not all of them in the mail', from: 'english', articles: [], many: () => notes('english', 400) },
  { name: 'too-long', says: 'an article too long by itself, shortened to its beginning', from: 'english', articles: [], many: tooLong },
  { name: 'themed', says: 'other colours, fonts and a logo', from: 'english', theme: 'themed', articles: ['the-ferry-bell.md', 'bare.md'] },
  { name: 'german', says: 'German', from: 'german' },
  { name: 'arabic', says: 'Arabic, right to left', from: 'arabic' },
  { name: 'arabic-digits', says: 'Arabic with Arabic digits (ar-EG)', from: 'arabic', language: 'ar-EG', articles: ['aflaj.md'] },
];

/** Letters: each language runs the program, signs up, confirms, comments and leaves. */
export const letters = [
  ...of('english', 'English', 'en'),
  ...of('german', 'German', 'de'),
  ...of('arabic', 'Arabic', 'ar'),
];

function of(from, called, short) {
  const kinds = {
    confirm: 'please confirm', welcome: 'welcome', already: 'subscribed already', comment: 'to a moderator', data: 'your data',
    newAddress: 'is this your new address?', moved: 'your mail has moved', goodbye: 'goodbye',
  };
  // What the program writes to those who run it is in its own language, and plain text.
  if (short === 'en') kinds.alarm = 'an alarm to the editors, plain text';
  return Object.entries(kinds).map(([kind, says]) => ({ name: `${kind}-${short}`, says: `letter: ${says} (${called})`, from, kind }));
}

/** Makes `edition` in a folder below `root`; gives the path of the mail and how it is measured. */
export async function makeEdition(edition, straight, root) {
  const folder = publication(edition, root);
  const day = lastDay(folder);
  const said = await run(straight, ['send', '--edition', day], folder);
  const eml = newest(folder, (name) => name.startsWith(`${day}.`));
  if (!eml) throw new Error(`${edition.name}: no mail\n${said}`);
  const articles = articlesIn(folder).filter(({ date }) => date === day).length;
  if (edition.many && !/warning: .* shortened|warning: .* in a list of headlines/.test(said)) throw new Error(`${edition.name}: nothing is cut\n${said}`);
  // What is a headline, or not there at all, is no article by which the bars may grow.
  const bare = (way) => Number(new RegExp(`(\\d+)(?: of \\d+ articles)? (?:is|are) ${way}`).exec(said)?.[1] ?? 0);
  const stories = articles - bare('in a list of headlines') - bare('on the web only');
  return { eml, articles, stories, key: day };
}

/** Makes the letters of one language below `root`, in the order of a reader's days; gives the path of each by its kind. */
export async function makeLetters(from, straight, root) {
  const port = await freePort();
  const folder = publication({ name: `letters-${from}`, from, port }, root);
  const day = lastDay(folder);
  await run(straight, ['send', '--edition', day], folder);
  const broken = join(folder, 'articles', 'broken.md');
  writeFileSync(broken, `---\ntitle: A tide\ndate: ${day}\nhighlights: 3\nauthr: Wren\n---\nWords.\n`);
  const held = await run(straight, ['send', '--edition', `${day}-extra`], folder).catch((error) => error.message);
  if (!/is held/.test(held)) throw new Error(`the edition is not held\n${held}`);
  rmSync(broken);
  const server = spawn(straight, ['run'], { cwd: folder, stdio: 'ignore' });
  try {
    const base = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${base}/healthz`).catch(() => null))?.ok, 'the server');
    const post = async (path, fields) => {
      const answer = await fetch(base + path, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
      if (answer.status >= 400) throw new Error(`${path}: ${answer.status}\n${await answer.text()}`);
    };
    const letter = (to, nth) => until(() => mailsTo(folder, to)[nth], `letter ${nth + 1} to ${to}`);
    const path = (eml, which) => new URL(textOf(eml).match(new RegExp(`https://[^\\s]*/${which}/[^\\s]*`))[0]).pathname;

    const alarm = await letter('desk@', 0);
    await post('/subscribe', { email: 'zoe@example.org', name: 'Zoë' });
    const confirm = await letter('zoe@', 0);
    await post(path(confirm, 'confirm'), {});
    const welcome = await letter('zoe@', 1);
    const [article] = (await (await fetch(base)).text()).match(/\/articles\/[^"#]+/);
    await post(`${article}/comments`, { name: 'Ina', email: 'ina@example.org', text: said[from] });
    const comment = await letter('desk@', 1);
    await post('/subscribe', { email: 'zoe@example.org' });
    const already = await letter('zoe@', 2);
    const own = path(welcome, 'preferences');
    await post(`${own}/data`, { yes: 'yes' });
    const data = await letter('zoe@', 3);
    await post(`${own}/address`, { email: 'zoe.new@example.org' });
    const newAddress = await letter('zoe.new@', 0);
    await post(path(newAddress, 'address'), {});
    const moved = await letter('zoe@', 4);
    await post(path(welcome, 'unsubscribe'), {});
    const goodbye = await letter('zoe.new@', 1);
    return { alarm, confirm, welcome, already, comment, data, newAddress, moved, goodbye };
  } finally {
    const gone = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await gone;
  }
}

const said = {
  english: 'I rang it too, in *1971*, and was late for school.\n\nThe rope was longer then.',
  german: 'Mein Großvater hatte *drei* davon, gleich hinter der Scheune.\n\nSie stehen noch.',
  arabic: 'كان جدّي يعرف *أسماء* النجوم كلها.\n\nوما زلنا نذكر ثلاثة منها.',
};

/** A folder with configuration, articles and a reader. */
function publication({ name, from, theme, language, articles, many, port }, root) {
  const folder = join(root, name);
  const target = join(folder, 'articles');
  mkdirSync(target, { recursive: true });
  const source = from === 'sample' ? 'articles' : join(fixtures, from);
  cpSync(source, target, {
    recursive: true,
    filter: (path) => !path.endsWith('.md') || (articles?.some((one) => path.endsWith(`/${one}`)) ?? true),
  });
  cpSync(pictures, target, { recursive: true });
  cpSync(pictures, join(folder, 'pictures'), { recursive: true });
  if (many) for (const [file, text] of many()) writeFileSync(join(target, file), text);
  let settings = from === 'sample' ? '' : readFileSync(join(fixtures, `${theme ?? from}.yaml`), 'utf8');
  if (language) settings = settings.replace(/^ {2}language: .*/m, `  language: ${language}`);
  if (port) {
    settings = settings.replace(/^publication:$/m, 'publication:\n  editors: [desk@example.org]');
    settings += `web: {listen: "127.0.0.1:${port}"}\nsign_up: {goodbye_letter: true}\nschedule: {cron: "0 0 29 2 *"}\n`;
  }
  writeFileSync(join(folder, 'newsletter.yaml'), `${settings}\narticles: {settle: 0s}\n`);
  writeFileSync(join(folder, 'subscribers.yaml'), reader);
  return folder;
}

/** A round of the harbours: twenty articles of one form, long enough that not all of them fit. */
function twentyArticles() {
  const harbours = ['Saltmarsh', 'Gull Head', 'Broad Sound', 'Long Quay', 'Otter Point', 'Cold Harbour', 'Three Cranes', 'Mill Creek',
    'Sandgate', 'Whelk Bay', 'Netley', 'The Narrows', 'Osprey Rock', 'Fairlight', 'Tidemouth', 'East Hythe', 'Kittiwake', 'Ropewalk',
    'Marram', 'Last Light'];
  const paragraph = (harbour, n) => [
    `The harbourmaster of ${harbour} counts boats at first light, from the same bench, and writes the number on the same slate. This morning it was ${11 + n}. The number has no use that anybody can name, and it has been written down since 1923.`,
    `The dredger comes in ${2 + (n % 5)} weeks. Until then whoever draws more than ${(1.2 + n / 10).toFixed(1)} metres waits outside for the flood, and there is a [list of the depths](https://post.tidewater.example/depths/${n}) at the slip, renewed on Fridays.`,
    `“We could light the channel better,” the deputy says, “but then nobody would learn it.” The council of ${harbour} has put the question off for the ${['third', 'fourth', 'fifth'][n % 3]} time, and nobody seems to mind.`,
  ];
  return harbours.map((harbour, index) => {
    const n = index + 1;
    const [first, second, third] = paragraph(harbour, n);
    return [`${String(n).padStart(2, '0')}-${harbour.toLowerCase().replaceAll(' ', '-')}.md`, `---
title: "${harbour}: ${['A quiet night', 'The slip is mended', 'Herring, and who counts it', 'A buoy has moved'][index % 4]}"
date: 2026-03-02${n === 1 ? '\nlead: true' : ''}
author: wren-hallam
summary: What ${harbour} has to say this morning, in three paragraphs and two figures.
highlights:
  - ${11 + n} boats at first light
  - The dredger comes in ${2 + (n % 5)} weeks
---
${first}

${second}

## At the slip

${third}

- Fuel until ${16 + (n % 3)}:00
- Ice on ${['Mondays', 'Tuesdays', 'Thursdays'][n % 3]}

${first.replace('This morning', 'A year ago')} ${third}
`];
  });
}

/** Notes of a line or two, `count` of them, in the words of a language. */
function notes(language, count) {
  const [title, summary, highlights, body] = {
    english: [(n) => `Berth ${n}: the boat of the morning is in, and the ice is paid`, 'Two lines from the quay, as every morning.',
      ['The boat is in', 'The ice is paid'], 'The boat came in with the flood and was made fast by six. Nobody was in a hurry.'],
    german: [(n) => `Liegeplatz ${n}: Das Boot des Morgens ist da, das Eis bezahlt`, 'Zwei Zeilen vom Kai, wie jeden Morgen.',
      ['Das Boot ist da', 'Das Eis ist bezahlt'], 'Das Boot kam mit der Flut und lag um sechs fest. Niemand hatte es eilig.'],
    arabic: [(n) => `البستان ${n}: وصل الماء مع الفجر وسُقي النخل كله`, 'سطران من الفلج كما في كل صباح.',
      ['وصل الماء مع الفجر', 'سُقي النخل كله'], 'وصل الماء مع الفجر ودار على البساتين قبل السادسة، ولم يكن أحد على عجل.'],
  }[language];
  return Array.from({ length: count }, (_, index) => [`note-${String(index + 1).padStart(3, '0')}.md`, `---
title: "${title(index + 1)}"
slug: note-${index + 1}
date: 2026-03-02
summary: ${summary}
highlights:
${highlights.map((one) => `  - ${one}`).join('\n')}
---
${body}
`]);
}

/** One article of a hundred parts. */
function tooLong() {
  const part = (n) => `## Part ${n}\n\n${'The keeper wrote the weather down each night, and each night somebody asked him why. '.repeat(8)}[^${n}]\n\n[^${n}]: Log book ${n}.\n\n`;
  return [['log.md', `---
title: A hundred nights of weather
date: 2026-03-02
author: wren-hallam
summary: The whole log of the keeper, night by night, because somebody asked.
highlights: [A hundred nights, One keeper]
---
${Array.from({ length: 100 }, (_, index) => part(index + 1)).join('')}`]];
}

function articlesIn(folder) {
  return readdirSync(join(folder, 'articles'), { recursive: true })
    .filter((name) => name.endsWith('.md'))
    .map((name) => {
      const text = readFileSync(join(folder, 'articles', name), 'utf8');
      return { name, date: /^date: "?(\d{4}-\d\d-\d\d)/m.exec(text)[1] };
    });
}

const lastDay = (folder) => articlesIn(folder).map(({ date }) => date).sort().at(-1);

async function run(straight, args, cwd) {
  const { stdout, stderr } = await promisify(execFile)(straight, args, { cwd }).catch((error) => {
    throw new Error(`straight ${args.join(' ')} in ${cwd}:\n${error.message}\n${error.stdout}`);
  });
  return stdout + stderr;
}

const mails = (folder) => readdirSync(join(folder, 'outbox/new')).map((name) => ({ name, path: join(folder, 'outbox/new', name) }));
const newest = (folder, wanted) => mails(folder).filter(({ name }) => wanted(name)).map(({ path }) => path).sort().at(-1);

/** The letters to this address, in the order in which they were written. */
function mailsTo(folder, to) {
  const number = (name) => Number(/\.(\d+)\.[^.]*@/.exec(name)?.[1] ?? 0);
  return mails(folder).filter(({ name }) => name.includes(to) && !/^\d{4}-/.test(name)).sort((a, b) => number(a.name) - number(b.name)).map(({ path }) => path);
}

/** The plain text of a mail, from whatever encoding its first part has. */
function textOf(eml) {
  const raw = readFileSync(eml, 'latin1').replaceAll('\r\n', '\n');
  const part = raw.slice(raw.search(/content-type: text\/plain/i));
  const [head, ...rest] = part.split('\n\n');
  const body = rest.join('\n\n').split(/\n--=_/)[0];
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/quoted-printable/i.test(head)) return body;
  return body.replaceAll('=\n', '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

async function until(found, what) {
  for (let tries = 0; tries < 150; tries += 1) {
    const value = await found();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`no ${what} within 30 s`);
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
