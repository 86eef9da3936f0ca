import { deskUse, readSettings } from '../../src/settings';

const ORIGIN = 'https://voice.example.com';
const DESK = `${ORIGIN}/desk/x`;
const hosted = (warmline: unknown): Parameters<typeof readSettings>[0] => ({ serviceConfiguration: { ui_attributes: { warmline } } });

test('without settings there is a link and no frame', () => {
  for (const manager of [{}, hosted(undefined), hosted(null), hosted('frame'), { configuration: null }]) {
    expect(readSettings(manager)).toEqual({ settings: { desk: 'link', deskOrigins: [] }, problems: [] });
  }
  expect(deskUse(DESK, { desk: 'link', deskOrigins: [] })).toBe('link');
  expect(deskUse(undefined, { desk: 'frame', deskOrigins: [ORIGIN] })).toBe('none');
});

test('a frame needs to know where desk pages come from', () => {
  const framed = readSettings(hosted({ desk: 'frame', deskOrigins: [`${ORIGIN}/`] }));
  expect(framed).toEqual({ settings: { desk: 'frame', deskOrigins: [ORIGIN] }, problems: [] });
  expect(deskUse(DESK, framed.settings)).toBe('frame');

  const anywhere = readSettings(hosted({ desk: 'frame' }));
  expect(anywhere.settings.desk).toBe('link');
  expect(anywhere.problems).toEqual(['warmline.desk is "frame", which needs warmline.deskOrigins']);
});

test('where origins are listed, nothing else is linked to', () => {
  const { settings } = readSettings(hosted({ deskOrigins: [ORIGIN] }));
  expect(deskUse(DESK, settings)).toBe('link');
  for (const other of ['https://voice.example.com.evil.example/desk', 'https://voice.example.com:8443/desk', 'http://localhost/desk']) {
    expect(deskUse(other, settings)).toBe('none');
  }
});

test('what a developer sets outranks the account', () => {
  const manager = { ...hosted({ desk: 'frame', deskOrigins: [ORIGIN] }), configuration: { warmline: { desk: 'link' } } };
  expect(readSettings(manager).settings).toEqual({ desk: 'link', deskOrigins: [ORIGIN] });
});

test('what is wrong is said, all of it, without its value', () => {
  const { settings, problems } = readSettings(hosted({ desk: 'popup', deskOrigins: ['voice.example.com', 'javascript:alert(1)', 7, ORIGIN] }));
  expect(settings).toEqual({ desk: 'link', deskOrigins: [ORIGIN] });
  expect(problems).toHaveLength(4);
  expect(problems.join()).not.toMatch(/popup|alert/u);
});
