// What the browser remembers between visits. Where it may not, nothing is remembered.

export function recall(name, otherwise) {
  try {
    const value = localStorage.getItem(`warmline.${name}`);
    return value === null ? otherwise : JSON.parse(value);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`warmline.${name}`, JSON.stringify(value));
  } catch {
    // It holds for this visit.
  }
}
