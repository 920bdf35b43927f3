/** Seconds with one decimal, for the words on a receipt. */
export interface Times {
  readonly [name: string]: string;
  readonly total: string;
  readonly open: string;
  readonly sign: string;
  readonly execute: string;
}

const measured = new Map<string, Times>();

/** @param marks of the press, the opened key, the joint signature and the receipt, in milliseconds */
export function keepTimes(paymentId: string, marks: readonly number[]): void {
  const [pressed = 0, opened = 0, signed = 0, executed = 0] = marks;
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(2);
  measured.set(paymentId, {
    total: seconds(pressed, executed),
    open: seconds(pressed, opened),
    sign: seconds(opened, signed),
    execute: seconds(signed, executed),
  });
}

/** Of a payment that was confirmed on this page since it was loaded. */
export function timesOf(paymentId: string): Times | undefined {
  return measured.get(paymentId);
}
