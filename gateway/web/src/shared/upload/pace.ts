/** The upload speed over the last seconds. */

const WINDOW_MS = 15_000;

export class Pace {
  private readonly samples: { at: number; bytes: number }[] = [];

  add(bytes: number): void {
    this.samples.push({ at: performance.now(), bytes });
  }

  bytesPerS(): number {
    const now = performance.now();
    while ((this.samples[0]?.at ?? now) < now - WINDOW_MS) this.samples.shift();
    const first = this.samples[0];
    if (!first || now - first.at < 500) return 0;
    const sum = this.samples.reduce((total, { bytes }) => total + bytes, 0);
    return (sum * 1000) / (now - first.at);
  }
}
