// Elements without a framework. There is no innerHTML anywhere: what callers say is text, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element: `h('a.name', {href, onclick, dataset: {…}}, 'text', child, …)`. Null children are left out. */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(' ');
  return fill(element, rest);
}

/** The same in SVG. */
export function s(selector, ...rest) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElementNS(SVG, tag);
  if (classes.length) element.setAttribute('class', classes.join(' '));
  return fill(element, rest);
}

function fill(element, rest) {
  const [first, ...others] = rest;
  const isProps = first !== null && typeof first === 'object' && !(first instanceof Node) && !Array.isArray(first);
  if (isProps) set(element, first);
  append(element, isProps ? others : rest);
  return element;
}

/** Sets attributes, handlers (`onclick`), `dataset` and `style` (through the CSSOM, which a strict CSP allows). */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'dataset') for (const [key, one] of Object.entries(value)) data(element, key, one);
    else if (name === 'style') for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'open') element[name] = value;
    else if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : value);
  }
  return element;
}

function data(element, key, value) {
  if (value === null || value === undefined || value === false) delete element.dataset[key];
  else element.dataset[key] = value === true ? '' : value;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Puts these children in place of those that are there. */
export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Writes a text if it is another one, so that nothing is announced or laid out for nothing. */
export function write(element, words) {
  const next = words ?? '';
  if (element.textContent !== next) element.textContent = next;
  return element;
}

/**
 * Brings the children of a list in line with `items`, keeping elements (and the focus in them) by their key.
 * `make` returns `{element, update}`; `update` is called with each newer item.
 */
export function keyed(list, key, make) {
  const rows = new Map();
  return (items) => {
    const kept = new Set();
    items.forEach((item, index) => {
      const name = key(item);
      kept.add(name);
      let row = rows.get(name);
      if (row) row.update?.(item);
      else rows.set(name, row = make(item));
      if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
    });
    for (const [name, row] of rows) {
      if (kept.has(name)) continue;
      row.element.remove();
      rows.delete(name);
    }
  };
}

let last = 0;
/** An id that no other element has. */
export function id(prefix) {
  last += 1;
  return `${prefix}-${last}`;
}
