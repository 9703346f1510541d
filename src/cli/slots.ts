import { availableParallelism } from 'node:os';

/** The default is one job for each processor, but at most this many. */
const most = 8;

export function defaultSlots(): number {
  return Math.min(Math.max(availableParallelism(), 1), most);
}

export function slotsText(slots: number): string {
  return slots === 1 ? '1 slot' : `${slots} slots`;
}
