import type { VirtualizerHandle } from "virtua/svelte";

/** Frames without movement after which a place counts as reached. */
const CALM = 2;
/** Frames after which it is given up: half a second. */
const MOST = 30;

/**
 * Goes to a place in a list whose rows are not measured yet. One jump falls short, because each row that is drawn
 * changes the length of the rest: so it is repeated every frame until nothing moves any more. A newer call, or the
 * person's own hand, ends an older one.
 */
export class Seeker {
  #run = 0;

  /** Ends what is under way. */
  stop(): void {
    this.#run += 1;
  }

  toEnd(box: HTMLElement, done?: () => void): void {
    this.#seek(() => {
      box.scrollTop = box.scrollHeight;
      return box.scrollHeight;
    }, done);
  }

  toIndex(box: HTMLElement, list: VirtualizerHandle, index: number, done?: () => void): void {
    this.#seek(() => {
      list.scrollToIndex(index, { align: "center" });
      return box.scrollTop;
    }, done);
  }

  #seek(step: () => number, done?: () => void): void {
    this.#run += 1;
    const run = this.#run;
    let before = -1;
    let calm = 0;
    let frames = 0;
    const frame = () => {
      if (run !== this.#run) return;
      const now = step();
      calm = now === before ? calm + 1 : 0;
      before = now;
      frames += 1;
      if (calm < CALM && frames < MOST) requestAnimationFrame(frame);
      else done?.();
    };
    frame();
  }
}
