// What the server asks of Twilio, read as Twilio reads it: a document of verbs, and the session one of them opens.
//
// https://www.twilio.com/docs/voice/twiml/connect/conversationrelay

/** A document as a plain tree: {name, attributes, children, text}. Throws if it is not XML. */
export function parse(xml, parser = new DOMParser()) {
  const document = parser.parseFromString(xml, 'text/xml');
  const failure = document.querySelector('parsererror');
  if (failure) throw new SyntaxError('not XML');
  return element(document.documentElement);
}

function element(node) {
  const attributes = {};
  for (const attribute of node.attributes) attributes[attribute.name] = attribute.value;
  return { name: node.localName, attributes, children: [...node.children].map(element), text: node.textContent };
}

/** The verbs of a document, in order. */
export function verbs(document) {
  if (document.name !== 'Response') throw new SyntaxError('not a <Response>');
  return document.children;
}

export function child(element, name) {
  return element.children.find((one) => one.name === name) ?? null;
}

/** The session a <Connect> asks for; null if it asks for none. What is absent has Twilio's default. */
export function session(connect) {
  const noun = child(connect, 'ConversationRelay');
  if (!noun?.attributes.url) return null;
  const { attributes } = noun;
  const on = (name) => attributes[name] === 'true';
  // `debug` is where reports were asked for in the protocol's first months.
  const events = `${attributes.events ?? ''} ${attributes.debug ?? ''}`.split(/\s+/u);
  const heard = attributes.transcriptionLanguage ?? attributes.language ?? 'en-US';
  const spoken = attributes.ttsLanguage ?? attributes.language ?? 'en-US';
  const parameters = noun.children.filter(({ name, attributes: { name: key, value } }) =>
    name === 'Parameter' && key !== undefined && value !== undefined);
  return {
    url: attributes.url,
    action: connect.attributes.action ?? null,
    greeting: attributes.welcomeGreeting || null,
    greetingInterruptible: attributes.welcomeGreetingInterruptible ?? 'any',
    interruptible: attributes.interruptible ?? 'any',
    preemptible: on('preemptible'),
    reportedMeanwhile: attributes.reportInputDuringAgentSpeech ?? 'none',
    keys: on('dtmfDetection'),
    partialPrompts: on('partialPrompts'),
    speakerEvents: events.includes('speaker-events'),
    tokensPlayed: events.includes('tokens-played'),
    language: heard === 'multi' ? 'en-US' : heard,
    speech: spoken === 'multi' ? 'en-US' : spoken,
    parameters: Object.fromEntries(parameters.map((one) => [one.attributes.name, one.attributes.value])),
  };
}

/** An address of a document on the page's own server: the path and query of ours, whatever host they name. */
export function local(address, origin) {
  const url = new URL(address, origin);
  return url.pathname + url.search;
}

/** The same for a socket. */
export function localSocket(address, origin) {
  return origin.replace(/^http/u, 'ws') + local(address, origin);
}

/** The attributes of an <Enqueue>'s task, and the workflow or queue it goes to. */
export function task(enqueue) {
  const text = child(enqueue, 'Task')?.text ?? '';
  let attributes = null;
  try {
    attributes = JSON.parse(text);
  } catch {
    // A queue by name has no task.
  }
  const { workflowSid } = enqueue.attributes;
  const queue = workflowSid ? null : enqueue.text.trim();
  return { attributes, workflow: workflowSid ?? null, queue, action: enqueue.attributes.action ?? null };
}

/** Whom a <Dial> rings, for how long, and who is asked afterwards. */
export function dial(element) {
  const noun = element.children.find(({ name }) => ['Number', 'Sip', 'Client', 'Queue'].includes(name));
  return {
    to: (noun?.text ?? element.text).trim(),
    kind: noun?.name ?? 'Number',
    seconds: Number(element.attributes.timeout ?? 30),
    action: element.attributes.action ?? null,
  };
}

/** How a document is written out for a reader: one element a line. */
export function written(element, depth = 0) {
  const indent = '  '.repeat(depth);
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${value}"`).join('');
  if (element.children.length) {
    const inside = element.children.map((one) => written(one, depth + 1)).join('');
    return `${indent}<${element.name}${attributes}>\n${inside}${indent}</${element.name}>\n`;
  }
  const text = element.text.trim();
  return text
    ? `${indent}<${element.name}${attributes}>${text}</${element.name}>\n`
    : `${indent}<${element.name}${attributes}/>\n`;
}
