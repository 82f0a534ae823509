/** Figures as the editor writes them. */

/** `one` or `many` after the number. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
