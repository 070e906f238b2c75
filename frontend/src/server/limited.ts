/** Runs at most `atOnce` actions at once; the others wait for their turn, or until they are cancelled. */
export function limited(atOnce: number) {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async function take<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (running >= atOnce) {
      await new Promise<void>((resolve, reject) => {
        const turn = () => {
          signal.removeEventListener("abort", leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(turn), 1);
          reject(signal.reason as Error);
        };
        waiting.push(turn);
        signal.addEventListener("abort", leave, { once: true });
      });
    } else {
      running += 1;
    }
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      // The place goes to the next one.
      else next();
    }
  };
}
