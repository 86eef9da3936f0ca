// The plugin's settings: `warmline` in the account's `ui_attributes` (Flex Configuration API), and above it `warmline` in
// `appConfig.js`, for a Flex that runs on a developer's machine.

export interface Settings {
  /** What becomes of the desk page: a link, or the page itself within the Hand-off tab. */
  readonly desk: 'link' | 'frame';
  /** Where desk pages come from. Where it is given, no other address is linked to; without it none is framed. */
  readonly deskOrigins: readonly string[];
}

export const DEFAULTS: Settings = { desk: 'link', deskOrigins: [] };

interface Configured {
  readonly configuration?: unknown;
  readonly serviceConfiguration?: unknown;
}

/** The settings in force, and what is wrong with those that are not. */
export function readSettings(manager: Configured): { settings: Settings; problems: string[] } {
  const given = {
    ...object(object(object(manager.serviceConfiguration)['ui_attributes'])['warmline']),
    ...object(object(manager.configuration)['warmline']),
  };
  const problems: string[] = [];
  const desk = given['desk'] ?? DEFAULTS.desk;
  const listed: unknown = given['deskOrigins'] ?? [];
  const origins = (Array.isArray(listed) ? listed : [listed]).flatMap((one: unknown) => {
    const origin = originOf(one);
    if (origin === undefined) problems.push('warmline.deskOrigins: expected origins such as https://voice.example.com');
    return origin === undefined ? [] : [origin];
  });
  if (desk !== 'link' && desk !== 'frame') problems.push('warmline.desk: expected "link" or "frame"');
  if (desk === 'frame' && origins.length === 0) problems.push('warmline.desk is "frame", which needs warmline.deskOrigins');
  const framed = desk === 'frame' && origins.length > 0;
  return { settings: { desk: framed ? 'frame' : 'link', deskOrigins: origins }, problems };
}

/** Whether the desk page at this address may be linked to, and framed. */
export function deskUse(deskUrl: string | undefined, { desk, deskOrigins }: Settings): 'none' | Settings['desk'] {
  if (deskUrl === undefined) return 'none';
  const listed = deskOrigins.includes(new URL(deskUrl).origin);
  if (deskOrigins.length > 0 && !listed) return 'none';
  return listed ? desk : 'link';
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function originOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    const { origin, protocol } = new URL(value);
    return protocol === 'https:' || protocol === 'http:' ? origin : undefined;
  } catch {
    return undefined;
  }
}
