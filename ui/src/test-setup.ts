import "@testing-library/jest-dom/vitest";

import { cleanup, configure } from "@testing-library/svelte";
import { afterEach, beforeEach } from "vitest";

import { forgetPickedLanguage, useLanguage } from "~/i18n";
import { notices } from "~/kit/notices.svelte";

/* jsdom lays nothing out. Here every box has a size, so that lists which draw only what is seen draw something. */

const VIEW = { width: 800, height: 900 };
const ROW = { width: 800, height: 60 };

const observers = new Set<Sizes>();

class Sizes implements ResizeObserver {
  readonly #report: ResizeObserverCallback;
  readonly #targets = new Set<Element>();

  constructor(report: ResizeObserverCallback) {
    this.#report = report;
    observers.add(this);
  }

  /** Reports all that it observes once more. */
  again(): void {
    for (const target of this.#targets) this.observe(target);
  }

  observe(target: Element): void {
    this.#targets.add(target);
    if (target.closest(".hidden") !== null && !target.matches("[data-testid=messages]")) return;
    const size = target.matches("[data-testid=messages], [data-testid=conversations]") ? VIEW : ROW;
    const contentRect = new DOMRect(0, 0, size.width, size.height);
    queueMicrotask(() => {
      this.#report([{ target, contentRect } as unknown as ResizeObserverEntry], this);
    });
  }

  unobserve(target: Element): void {
    this.#targets.delete(target);
  }

  disconnect(): void {
    this.#targets.clear();
    observers.delete(this);
  }
}

/** Something was laid over a part of the window, or taken away: a browser reports the sizes that this changed. */
export function resized(): void {
  for (const observer of [...observers]) observer.again();
}

/** How wide the window is, and what else media queries ask. Tests set it before they render. */
export const view = { width: 1280, dark: false };

function matches(query: string): boolean {
  const least = /min-width: (\d+)px/u.exec(query);
  if (least !== null) return view.width >= Number(least[1]);
  if (query.includes("prefers-color-scheme: dark")) return view.dark;
  return query.includes("pointer: fine");
}

Object.assign(globalThis, {
  ResizeObserver: Sizes,
  matchMedia: (query: string) => ({
    get matches() {
      return matches(query);
    },
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }),
});
Object.defineProperty(Element.prototype, "clientHeight", {
  get(this: Element) {
    return this.matches("[data-testid=messages]") && this.closest(".hidden") === null ? VIEW.height : 0;
  },
});
Object.defineProperty(HTMLElement.prototype, "offsetParent", {
  get(this: HTMLElement) {
    return this.parentElement;
  },
});
HTMLCanvasElement.prototype.getContext = () => null;
Object.assign(Element.prototype, {
  scrollIntoView: () => undefined,
  scrollTo: () => undefined,
  hasPointerCapture: () => false,
  setPointerCapture: () => undefined,
  releasePointerCapture: () => undefined,
  getAnimations: () => [],
});

configure({
  asyncUtilTimeout: 10_000,
  // The page itself says nothing that its words do not, and fills the screen.
  getElementError: (message) => new Error(message ?? "not found"),
});

beforeEach(() => {
  view.width = 1280;
  view.dark = false;
  notices.clear();
  forgetPickedLanguage();
  useLanguage("");
});

afterEach(() => {
  cleanup();
});
