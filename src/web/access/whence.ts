/** Where a request comes from, and to which of Volt's addresses it was sent. */
export interface Whence {
  /** network address of the sender */
  address: string;
  /** whether somebody on this machine has sent it, to an address of this machine alone */
  local: boolean;
  /** scheme, host and port as the browser has them: `http://127.0.0.1:8420` */
  origin: string;
}
