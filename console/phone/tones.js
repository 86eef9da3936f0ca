// The sounds of a telephone: keys, ringing, the tone of a voicemail. Quiet, and made here: nothing is loaded.

const KEYS = {
  1: [697, 1209], 2: [697, 1336], 3: [697, 1477], 4: [770, 1209], 5: [770, 1336], 6: [770, 1477],
  7: [852, 1209], 8: [852, 1336], 9: [852, 1477], '*': [941, 1209], 0: [941, 1336], '#': [941, 1477],
};
const VOLUME = 0.04;

export class Tones {
  on = false;

  key(name) {
    if (KEYS[name]) this.play(KEYS[name], 0.14);
  }

  beep() {
    this.play([1000], 0.35);
  }

  /** Rings until the returned function is called. */
  ring() {
    const once = () => this.play([440, 480], 0.9);
    once();
    const timer = setInterval(once, 3000);
    return () => clearInterval(timer);
  }

  play(frequencies, seconds) {
    if (!this.on || !globalThis.AudioContext) return;
    this.context ??= new AudioContext();
    const { context } = this;
    const volume = context.createGain();
    const now = context.currentTime;
    // Without a slope a tone begins and ends with a click.
    volume.gain.setValueAtTime(0, now);
    volume.gain.linearRampToValueAtTime(VOLUME, now + 0.01);
    volume.gain.setValueAtTime(VOLUME, now + seconds - 0.02);
    volume.gain.linearRampToValueAtTime(0, now + seconds);
    volume.connect(context.destination);
    for (const frequency of frequencies) {
      const tone = context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(volume);
      tone.start(now);
      tone.stop(now + seconds);
    }
  }
}
