// The browser's own voice and ears, where it has them.

/** So many of the last words count as what the microphone may hear of the loudspeaker. */
const ECHO_WORDS = 14;
/** A voice that has not begun by then is not going to. */
const BEGIN_WITHIN = 2500;

const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s]/gu, ' ').split(/\s+/u).filter(Boolean);

/** Whether what was recognised is what the loudspeaker has just said. */
export function isEcho(heard, spoken) {
  const words = plain(heard);
  const recent = plain(spoken).slice(-ECHO_WORDS);
  if (!words.length || !recent.length) return false;
  const known = words.filter((word) => recent.includes(word)).length;
  return known / words.length > 0.6;
}

/** Speaks clause by clause. */
export class Voice {
  constructor(engine = globalThis.speechSynthesis) {
    this.engine = engine;
    this.turn = 0;
  }

  /** Whether there is a voice. Some browsers know only after a moment. */
  get able() {
    return Boolean(this.engine && globalThis.SpeechSynthesisUtterance && this.engine.getVoices().length);
  }

  /** Tells once there is one. */
  onable(tell) {
    this.engine?.addEventListener?.('voiceschanged', tell, { once: true });
  }

  /** Speaks, and tells when it begins, which word it is at, and when it is over. `failed` if it cannot. */
  speak(words, lang, { begun, reached, ended, failed }) {
    this.turn += 1;
    const { turn } = this;
    const mine = (act) => (...rest) => {
      if (turn === this.turn) act(...rest);
    };
    const utterance = new SpeechSynthesisUtterance(words);
    utterance.lang = lang;
    const voices = this.engine.getVoices();
    utterance.voice = voices.find((voice) => voice.lang === lang && voice.localService)
      ?? voices.find((voice) => voice.lang.startsWith(lang.slice(0, 2))) ?? null;
    const late = setTimeout(mine(() => {
      this.stop();
      failed();
    }), BEGIN_WITHIN);
    utterance.onstart = mine(() => {
      clearTimeout(late);
      begun();
    });
    utterance.onboundary = mine(({ name, charIndex }) => {
      if (name === 'word') reached(charIndex);
    });
    utterance.onend = mine(() => {
      clearTimeout(late);
      ended();
    });
    utterance.onerror = mine(() => {
      clearTimeout(late);
      failed();
    });
    // The browser drops utterances nobody holds on to, and their events with them.
    this.utterance = utterance;
    this.engine.speak(utterance);
  }

  stop() {
    this.turn += 1;
    this.engine?.cancel();
  }
}

/** Listens, and tells what was said so far and what was said in the end. */
export class Ears {
  static get able() {
    return Boolean(globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition);
  }

  /** @param {{partial: (words: string) => void, final: (words: string) => void, failed: (why: string) => void}} tell */
  constructor(tell) {
    this.tell = tell;
    this.wanted = false;
  }

  start(lang) {
    this.lang = lang;
    this.wanted = true;
    const Recogniser = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
    const recogniser = new Recogniser();
    this.recogniser = recogniser;
    Object.assign(recogniser, { lang, continuous: true, interimResults: true });
    recogniser.onresult = (event) => {
      for (let index = event.resultIndex; index < event.results.length; index += 1) {
        const result = event.results[index];
        const words = result[0].transcript.trim();
        if (words) this.tell[result.isFinal ? 'final' : 'partial'](words);
      }
    };
    recogniser.onerror = ({ error }) => {
      // Silence is no failure; it begins again below.
      if (error === 'no-speech' || error === 'aborted') return;
      this.wanted = false;
      this.tell.failed(error === 'not-allowed' || error === 'audio-capture' ? 'microphone' : 'recogniser');
    };
    recogniser.onend = () => {
      if (this.wanted && this.recogniser === recogniser) this.start(this.lang);
    };
    try {
      recogniser.start();
    } catch {
      this.wanted = false;
      this.tell.failed('recogniser');
    }
  }

  /** Listens in another language from now on. */
  hear(lang) {
    if (lang === this.lang || !this.wanted) return;
    this.stop();
    this.start(lang);
  }

  stop() {
    this.wanted = false;
    this.recogniser?.abort();
    this.recogniser = null;
  }
}
