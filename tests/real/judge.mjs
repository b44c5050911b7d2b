// node judge.mjs CHECKER FILE.eml ARTICLES: holds a mail against the checker's bars; every figure must be measured.
// For an edition of several articles the counts that grow with length are taken for one article.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, file, articles] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(folder, name)));
const { check, brief } = await load('check.mjs');
const { judge } = await load('bars.mjs');

const GROWS = ['support/doiuse/', 'support/doiuse_base_errors'];
const bars = JSON.parse(readFileSync(join(folder, 'bars.json'), 'utf8'));
for (const bar of bars.email) {
  if (GROWS.some((name) => bar[0].startsWith(name))) bar[2] *= Number(articles);
}
const result = await check(file, { vnu: true });
const verdict = judge(result, bars);
console.log(JSON.stringify(brief(result)));
console.log(`${file.split('/').pop()}: ${verdict.passed} bars held, ${verdict.failed.length} missed`);
for (const miss of verdict.failed) console.error(`missed: ${JSON.stringify(miss)}`);
for (const figure of verdict.not_measured) console.error(`not measured: ${figure}`);
if (verdict.failed.length || verdict.not_measured.length) process.exitCode = 1;
