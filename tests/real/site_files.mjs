// The archive as files: a plain server for a folder, and a walk over every address within it. For site.mjs.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import assert from 'node:assert/strict';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.atom': 'application/atom+xml', '.json': 'application/feed+json',
  '.xml': 'application/xml', '.txt': 'text/plain', '.png': 'image/png', '.jpg': 'image/jpeg', '.gif': 'image/gif', '.webp': 'image/webp',
};

/** Serves `folder` on loopback as most servers do: a file as it is, of a folder its index.html, else 404.html. */
export async function serve(folder) {
  const isFile = (path) => { try { return statSync(path).isFile(); } catch { return false; } };
  const server = createServer((request, response) => {
    const path = join(folder, normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)));
    const file = [path, join(path, 'index.html')].find(isFile);
    response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(file ?? '404.html')] ?? 'application/octet-stream' });
    createReadStream(file ?? join(folder, '404.html')).pipe(response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/**
 * Follows every link, picture and style sheet from the front page and the map of the site, with addresses of `home` read as
 * those of `origin`. Each must be there, and so must the place in the page that it names.
 */
export async function walk(page, origin, home) {
  const here = (address) => address.replace(home, origin);
  const read = async (path) => { const answer = await fetch(origin + path); assert.equal(answer.status, 200, path); return answer.text(); };
  const xml = (text, name) => page.evaluate(([text, name]) => {
    const tree = new DOMParser().parseFromString(text, 'application/xml');
    if (tree.querySelector('parsererror')) throw new Error(`${name}: ${tree.querySelector('parsererror').textContent}`);
    return [...tree.querySelectorAll('loc, entry > id, entry > updated, entry > title')].map((one) => [one.localName, one.textContent]);
  }, [text, name]);
  const all = (found, name) => found.filter(([kind]) => kind === name).map(([, text]) => text);

  const map = all(await xml(await read('/sitemap.xml'), 'sitemap.xml'), 'loc');
  const feed = await xml(await read('/feed.atom'), 'feed.atom');
  assert.ok(map.length > 5 && all(feed, 'id').length > 0, 'the map and the feed name pages');
  for (const part of ['updated', 'title']) assert.equal(all(feed, part).length, all(feed, 'id').length, `feed.atom: ${part}`);
  const json = JSON.parse(await read('/feed.json'));
  assert.equal(json.version, 'https://jsonfeed.org/version/1.1');
  assert.equal(json.items.length, all(feed, 'id').length);

  const queue = ['/', '/404.html', ...map, ...json.items.map((item) => item.url)].map((one) => new URL(here(one), origin).href);
  const found = new Map();
  const places = [];
  while (queue.length > 0) {
    const [address, place] = queue.pop().split('#');
    if (place) places.push([address, decodeURIComponent(place)]);
    if (found.has(address)) continue;
    const answer = await fetch(address);
    assert.equal(answer.status, 200, `${address} is linked to and not there`);
    const html = answer.headers.get('content-type').startsWith('text/html') ? await answer.text() : (await answer.arrayBuffer(), '');
    const { links, ids, forms } = await page.evaluate(([html, address]) => {
      const tree = new DOMParser().parseFromString(html, 'text/html');
      const of = (selector, name) => [...tree.querySelectorAll(selector)].map((one) => new URL(one.getAttribute(name), address).href);
      return {
        links: [...of('[href]', 'href'), ...of('[src]', 'src'), ...of('meta[property="og:image"]', 'content')],
        ids: [...tree.querySelectorAll('[id]')].map((one) => one.id),
        forms: tree.querySelectorAll('form, input, button').length,
      };
    }, [html, address]);
    assert.equal(forms, 0, `${address} has a form, and nothing is there to take it`);
    found.set(address, ids);
    queue.push(...links.map(here).filter((link) => link.startsWith(`${origin}/`)));
  }
  for (const [address, place] of places) assert.ok(found.get(address).includes(place), `${address} has no #${place}`);
  return [...found.keys()].map((address) => address.slice(origin.length));
}
