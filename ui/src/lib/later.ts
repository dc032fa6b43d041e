/** A call that waits until no newer one has come for `delay` milliseconds. */
export interface Later<A extends unknown[]> {
  call(...args: A): void;
  /** Does now what waits, if anything does. */
  flush(): void;
  cancel(): void;
}

export function later<A extends unknown[]>(delay: number, act: (...args: A) => void): Later<A> {
  let waiting: { timer: ReturnType<typeof setTimeout>; args: A } | undefined;
  const cancel = () => {
    if (waiting !== undefined) clearTimeout(waiting.timer);
    waiting = undefined;
  };
  const flush = () => {
    const args = waiting?.args;
    cancel();
    if (args !== undefined) act(...args);
  };
  return {
    call(...args) {
      cancel();
      waiting = { args, timer: setTimeout(flush, delay) };
    },
    flush,
    cancel,
  };
}
