import type { NoticeAddress } from '../../record/notice-targets.ts';
import type { NoticeMessage } from '../notice-message.ts';

/** Where a notice goes. */
export interface Destination {
  address: NoticeAddress;
  /** mail address of the recipient; empty for other targets */
  recipient: string;
  /** whether the server may be at an address that is not public */
  mayBePrivate: boolean;
}

/** Sends a notice. @throws TargetFault */
export type Send = (message: NoticeMessage, destination: Destination) => Promise<void>;
