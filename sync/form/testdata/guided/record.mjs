// Plays interviews on the reference engine and writes down how every node
// stands. Not needed to run the tests: they read what was recorded.
//
//	npm i @getodk/xforms-engine@0.22.0 jsdom@24
//	TZ=UTC node record.mjs < plays.jsonl > traces.jsonl
//
// A line in: {"name", "xform", "acts": [["set", path, value] | ["sel", path, "a b"] | ["add", repeat] | ["remove", instance]]}.
// A line out: {"form", "init": {path: state}, "steps": [{"act", "diff"}]}; a state is
// [relevant, required, readonly, label] or
// [relevant, required, readonly, value, "C" if the constraint fails, "R" if an answer is missing, (choices,) label].
import { createInterface } from 'node:readline';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html><body/></html>');
for (const k of Object.getOwnPropertyNames(window))
  if (/^(DOMParser|XML|XPath|Node|Element|Document|Attr|Text|Comment|document|File|Blob|FormData|CDATA|Processing|CharacterData|NamedNodeMap|HTML)/.test(k) && globalThis[k] === undefined)
    globalThis[k] = window[k];
globalThis.window ??= window;
globalThis.__dirname = import.meta.dirname;
const { createInstance } = await import('@getodk/xforms-engine');

function* all(node) {
  yield node;
  for (const c of node.currentState.children ?? []) yield* all(c);
}

function state(n) {
  const s = n.currentState;
  const label = s.label?.asString ?? '';
  const head = [+s.relevant, +s.required, +s.readonly];
  if (s.children != null) return [...head, label];
  const v = n.validationState?.violation?.condition;
  const value = Array.isArray(s.value) ? s.value.join(' ') : s.instanceState?.instanceXML === undefined ? text(s.value) : text(s.value);
  const out = [...head, value, v === 'constraint' ? 'C' : '', v === 'required' ? 'R' : ''];
  if (s.valueOptions) out.push(s.valueOptions.map((o) => o.value).join('|'));
  return [...out, label];
}

const text = (v) => (v == null ? '' : v instanceof Date ? v.toISOString() : String(v));

function look(root) {
  const out = {};
  for (const n of all(root)) out[n.currentState.reference] = state(n);
  return out;
}

function act(root, [op, path, value]) {
  const inRepeat = path.replace(/\[(\d+)\]$/, '');
  for (const n of all(root)) {
    const at = n.currentState.reference;
    if (op === 'add' && at === path && n.nodeType.startsWith('repeat-range')) return n.addInstances();
    if (op === 'remove' && at === inRepeat && n.nodeType.startsWith('repeat-range')) return n.removeInstances(+/\[(\d+)\]$/.exec(path)[1] - 1, 1);
    if (at !== path || n.currentState.children != null) continue;
    if (op === 'set') return n.setValue(value);
    if (op === 'sel') return n.selectValues(value === '' ? [] : value.split(' '));
  }
  throw new Error(`nothing to ${op} at ${path}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, xform, acts } = JSON.parse(line);
  const made = await createInstance(xform, { form: { fetchFormAttachment: async () => new Response('', { status: 404 }), missingResourceBehavior: 'BLANK' } });
  if (made.root == null) throw made.error ?? new Error(name);
  let seen = look(made.root);
  const out = { form: name, init: seen, steps: [] };
  for (const a of acts) {
    act(made.root, a);
    const now = look(made.root);
    const diff = {};
    for (const k of new Set([...Object.keys(seen), ...Object.keys(now)]))
      if (JSON.stringify(seen[k]) !== JSON.stringify(now[k])) diff[k] = now[k] ?? null;
    out.steps.push({ act: a, diff });
    seen = now;
  }
  console.log(JSON.stringify(out));
}
