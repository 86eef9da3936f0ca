// Addresses: #/calls/CA… The server knows `/` alone, so that a link works without it knowing the pages.

/** `#/calls/CA1?outcome=closed` → {path: ['calls', 'CA1'], query} */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/u, '').split('?');
  const parts = path.split('/').filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { path: parts, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page. Empty values are left out. */
export function link(path, query = {}) {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  const search = parameters.size ? `?${parameters}` : '';
  return `#/${path.map(encodeURIComponent).join('/')}${search}`;
}

/** Goes to a page, or only changes the address of the one that is shown. */
export function go(hash, { quietly = false } = {}) {
  if (quietly) history.replaceState(null, '', hash);
  else location.hash = hash;
}
