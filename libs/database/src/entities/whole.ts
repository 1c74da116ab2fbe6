/** A bigint column that counts rows and so fits a number. */
export const whole = {
  to: (value: number): number => value,
  from: (value: string): number => Number(value),
};
