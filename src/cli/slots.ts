import { availableParallelism } from 'node:os';

/** One job for each processor; more than this many at once are to be asked for. */
const most = 8;

export function defaultSlots(): number {
  return Math.min(Math.max(availableParallelism(), 1), most);
}

export function slotsText(slots: number): string {
  return slots === 1 ? '1 slot' : `${slots} slots`;
}
