// The preview's one script. The server makes every view; this fetches the page anew when a file was saved or a switch
// was clicked, and changes what differs, so that scroll, focus and the open frame stay.
'use strict';

const wordOfLive = document.getElementById('live-word');
const live = document.getElementById('live');
let asked = 0;

/** Fetches `url` and changes what differs. */
async function go(url, options = {}) {
  const ask = (asked += 1);
  let text;
  try {
    const answer = await fetch(url, options);
    if (!answer.ok) { location.assign(location.href); return; }
    text = await answer.text();
  } catch { return; }
  // A later question is answered already, or will be.
  if (ask !== asked) return;
  const next = new DOMParser().parseFromString(text, 'text/html');
  if (next.body.dataset.asset !== document.body.dataset.asset) { location.reload(); return; }
  const focused = document.activeElement?.id;
  for (const part of document.querySelectorAll('[data-part]')) renew(part, next.getElementById(part.id));
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
  document.title = next.title;
  document.body.dataset.version = next.body.dataset.version;
}

/** Puts `next` in the place of `part` where they differ; a frame is turned like a page, never blank. */
function renew(part, next) {
  if (!next) return;
  const frame = part.querySelector('iframe');
  const nextFrame = next.querySelector('iframe');
  if (frame && nextFrame) {
    const stage = frame.parentElement;
    const nextStage = nextFrame.parentElement;
    const differs = frame.getAttribute('src') !== nextFrame.getAttribute('src') || frame.className !== nextFrame.className;
    // All but the stage, which holds the frame: taken out of the document it would load anew.
    const others = (node) => [...node.children].filter((child) => child.id !== 'stage');
    const html = (node) => others(node).map((child) => child.outerHTML).join('');
    if (html(part) !== html(next)) {
      others(part).forEach((child) => child.remove());
      stage.before(...others(next));
    }
    stage.className = nextStage.className;
    if (differs) turn(stage, nextFrame);
    return;
  }
  const open = [...part.querySelectorAll('details[open]')].map((details) => details.id);
  if (part.innerHTML === next.innerHTML) return;
  const scrolled = [...part.querySelectorAll('[tabindex][id]')].map((box) => [box.id, box.scrollTop, box.scrollLeft]);
  const typed = part.contains(document.activeElement) && document.activeElement.id === 'find' && document.activeElement.value;
  // The frame would load while it is not in the document yet: it is turned in when it has.
  part.replaceChildren(...next.childNodes);
  for (const id of open) part.querySelector('#' + id)?.setAttribute('open', '');
  for (const [id, top, left] of scrolled) part.querySelector('#' + CSS.escape(id))?.scrollTo(left, top);
  if (typed) document.getElementById('find').value = typed;
  const fresh = part.querySelector('iframe');
  if (fresh) settle(fresh, () => show(fresh));
}

/** Loads the next frame behind the present one, and shows it when it is there. */
function turn(stage, next) {
  stage.querySelectorAll('.coming').forEach((frame) => frame.remove());
  const fresh = document.importNode(next);
  fresh.classList.add('coming');
  fresh.removeAttribute('id');
  stage.append(fresh);
  settle(fresh, () => {
    fit(fresh);
    stage.querySelectorAll('iframe:not(.coming)').forEach((frame) => frame.remove());
    fresh.classList.remove('coming');
    fresh.id = 'frame';
    show(fresh);
  });
}

/** Calls `done` when the document of `frame` stands, at most a moment before its last picture. */
function settle(frame, done) {
  const started = performance.now();
  let over = false;
  const finish = () => { if (!over) { over = true; if (frame.isConnected) done(); } };
  frame.addEventListener('load', () => { finish(); fit(frame); });
  const look = () => {
    if (over || !frame.isConnected) return;
    const there = frame.contentDocument;
    const stands = there?.body && there.URL !== 'about:blank' && there.readyState !== 'loading';
    if (stands && performance.now() - started > 80) finish();
    else setTimeout(look, 20);
  };
  setTimeout(look, 20);
}

function show(frame) {
  fit(frame);
  document.documentElement.dataset.shown = frame.getAttribute('src');
}

/** Makes `frame` as tall as what is in it, so that the page scrolls and the frame does not. */
function fit(frame) {
  const there = frame.contentDocument?.documentElement;
  if (!there) return;
  const [x, y] = [scrollX, scrollY];
  frame.style.height = '0';
  frame.style.height = Math.max(there.scrollHeight, 200) + 'px';
  if (scrollY !== y) scrollTo(x, y);
}

const here = () => location.pathname === '/' ? location.pathname + location.search : '/';

function visit(href) {
  history.pushState(null, '', href);
  go(href);
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="/"]');
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || link.hasAttribute('download')) return;
  event.preventDefault();
  visit(link.getAttribute('href'));
});
document.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-go]');
  if (!form) return;
  event.preventDefault();
  go(form.getAttribute('action'), { method: 'POST', body: new URLSearchParams(new FormData(form)) });
});
addEventListener('popstate', () => go(here()));

let width = innerWidth;
addEventListener('resize', () => {
  const frame = document.getElementById('frame');
  if (frame && innerWidth !== width) fit(frame);
  width = innerWidth;
});

const frame = document.getElementById('frame');
if (frame) {
  if (frame.contentDocument?.readyState === 'complete') show(frame);
  frame.addEventListener('load', () => show(frame));
}

let events;
function listen() {
  events?.close();
  events = new EventSource('/events');
  events.addEventListener('sheet', (event) => {
    say('on', 'Live');
    if (event.data !== document.body.dataset.version) go(here());
  });
  events.onerror = () => say('off', 'The preview has stopped; start it again with straight preview');
}
function say(state, word) {
  live.dataset.state = state;
  if (wordOfLive.textContent !== word) wordOfLive.textContent = word;
}
// A browser has few connections to one address: a tab that nobody sees gives its own back.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) { events?.close(); events = undefined; } else if (!events) listen();
});
listen();
