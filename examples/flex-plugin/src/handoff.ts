// What a Task of Warmline tells whoever takes it: docs/HANDOFF.md. The attributes crossed a network and may be anybody's,
// so whatever does not have the shape that is described there is left out, and every text is cut.

export type Mood = 'negative' | 'neutral' | 'positive';
export type Verified = 'full' | 'partial' | 'gateway' | 'failed' | 'none';
/** A name and its value, both fit to be shown. */
export type Fact = readonly [name: string, value: string];

export interface Line {
  readonly who: 'caller' | 'agent';
  readonly text: string;
}

export interface Handoff {
  readonly name?: string;
  readonly phone?: string;
  /** The address that was called. */
  readonly line?: string;
  readonly mood?: Mood;
  readonly reason?: string;
  readonly reasonCode?: string;
  readonly summary?: string;
  /** The summary quotes the call: no model wrote it. */
  readonly quoted: boolean;
  readonly trigger?: string;
  readonly topic?: string;
  readonly language?: string;
  readonly seconds?: number;
  readonly turns?: number;
  readonly callSid?: string;
  readonly verified?: Verified;
  /** Whether there is a profile of the line. */
  readonly known?: boolean;
  readonly facts: readonly Fact[];
  readonly traits: readonly Fact[];
  /** The last lines of the conversation, oldest first. */
  readonly transcript: readonly Line[];
  readonly deskUrl?: string;
  /** Written by a Warmline whose keys may mean something else; then the flat ones alone are read. */
  readonly newer: boolean;
}

/** The version of `warmline` that is read here. */
const VERSION = 1;
const MOST_FACTS = 50;
const MOST_LINES = 40;

type Keys = Readonly<Record<string, unknown>>;

/** The hand-off that a Task's attributes hold, if they hold one. */
export function readHandoff(attributes: unknown): Handoff | undefined {
  const task = keys(attributes);
  const summary = text(task['callSummary'], 4_000);
  const reason = text(task['reason'], 300);
  const reasonCode = text(task['reasonCode'], 64);
  const written = isKeys(task['warmline']);
  // The four flat keys alone may come from another product. A reason alone is what many Tasks have.
  if (!written && !(summary || (reason && reasonCode))) return undefined;
  const version = keys(task['warmline'])['version'];
  const newer = typeof version === 'number' && version !== VERSION;
  const ours = newer ? {} : keys(task['warmline']);
  const caller = keys(ours['caller']);
  const customers = keys(task['customers']);
  const phone = text(customers['phone'], 64) ?? text(task['from'], 64);
  const name = text(task['name'], 128) ?? text(customers['name'], 128);
  return defined({
    name: name === phone ? undefined : name,
    phone,
    line: text(keys(task['conversations'])['external_contact'], 128) ?? text(task['to'], 128),
    mood: oneOf<Mood>(task['sentiment'], ['negative', 'neutral', 'positive']),
    reason,
    reasonCode,
    summary,
    quoted: ours['summaryBy'] === 'transcript',
    trigger: text(ours['trigger'], 64),
    topic: text(ours['topic'], 64),
    language: text(ours['language'], 64),
    seconds: count(ours['seconds']),
    turns: count(ours['turns']),
    callSid: text(ours['callSid'], 64) ?? text(task['call_sid'], 64),
    verified: oneOf<Verified>(caller['verified'], ['full', 'partial', 'gateway', 'failed', 'none']),
    known: typeof caller['known'] === 'boolean' ? caller['known'] : undefined,
    facts: facts(ours['memory']),
    traits: facts(caller['traits']),
    transcript: transcript(ours['transcript']),
    deskUrl: deskUrl(ours['deskUrl']),
    newer,
  });
}

function isKeys(value: unknown): value is Keys {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keys(value: unknown): Keys {
  return isKeys(value) ? value : {};
}

/** Without the keys that have no value. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/gu;
/** Characters that turn the direction of whatever follows them. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]+/gu;

/** A text that is one, cut to so many characters. */
function text(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const shown = value.slice(0, longest * 4).replace(CONTROLS, ' ').replace(TURNS, '').trim();
  const characters = Array.from(shown);
  const cut = characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : shown;
  return cut === '' ? undefined : cut;
}

function oneOf<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => word === value);
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.floor(value) : undefined;
}

function facts(value: unknown): Fact[] {
  return Object.entries(keys(value)).slice(0, MOST_FACTS).flatMap(([name, one]): Fact[] => {
    const shown = typeof one === 'boolean' ? (one ? 'yes' : 'no') : typeof one === 'number' ? String(one) : text(one, 200);
    const called = text(name.replace(/_+/gu, ' '), 40);
    return shown === undefined || called === undefined ? [] : [[called.replace(/^./u, (first) => first.toUpperCase()), shown]];
  });
}

function transcript(value: unknown): Line[] {
  if (!Array.isArray(value)) return [];
  return value.slice(-MOST_LINES).flatMap((one: unknown): Line[] => {
    const who = oneOf<Line['who']>(keys(one)['who'], ['caller', 'agent']);
    const said = text(keys(one)['text'], 400);
    return who === undefined || said === undefined ? [] : [{ who, text: said }];
  });
}

/** An address that a browser may open: no script, nobody's password in it, and unencrypted on this machine alone. */
function deskUrl(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 600) return undefined;
  try {
    const url = new URL(value);
    const here = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    const usable = url.protocol === 'https:' || (url.protocol === 'http:' && here);
    return usable && url.username === '' && url.password === '' ? url.href : undefined;
  } catch {
    return undefined;
  }
}
