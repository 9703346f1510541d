import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** Bytes that a pipe holds, pipe(7): no read gets more. */
const mostRead = 65_536;
/** Output is gathered until it is so many bytes, or for so long (ms), to be handed on at once. */
const enough = mostRead;
const gathering = 2;

/** Buffers that are not in use: garbage of this size would keep the collector busy. */
const spare: Buffer[] = [];
const mostSpare = 4;

/**
 * Reads what a command prints. A program writes little at a time, often enough for a read of every four kilobytes;
 * what comes together is handed on together, in a buffer that is used again.
 */
export class OutputReader {
  /** Resolves when all has been handed on and nobody can write any more, or after `destroy`. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #buffer: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(enough + mostRead);
  /** what has been read and not been handed on is between the two; the next read goes on behind it */
  #from = 0;
  #to = 0;
  #bytes = 0;
  /** pieces that the receiver has not taken yet */
  #held = 0;
  #timer: NodeJS.Timeout | undefined;
  #receive: (chunk: Buffer) => void | Promise<void> = () => {};

  /** @param descriptor of the pipe's end, which does not block */
  constructor(descriptor: number) {
    // `onread` is known to the constructor too
    const options: SocketConstructorOpts & ConnectOpts = {
      ...{ fd: descriptor, readable: true, writable: false },
      onread: {
        buffer: () => this.#room(),
        callback: (length: number) => {
          this.#take(length);
          return true;
        },
      },
    };
    this.#socket = new Socket(options);
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.handOn();
        if (spare.length < mostSpare) spare.push(this.#buffer);
        resolve();
      });
    });
  }

  /** bytes that have been read */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while the receiver holds reading back. */
  get isHeldBack(): boolean {
    return this.#held > 0;
  }

  /**
   * @param receive takes what is read. The bytes are good until it returns: whoever keeps them copies them. A promise
   * that it returns holds reading back.
   */
  onOutput(receive: (chunk: Buffer) => void | Promise<void>): void {
    this.#receive = receive;
  }

  /** Hands on what has been gathered. */
  handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#from === this.#to) return;
    const chunk = this.#buffer.subarray(this.#from, this.#to);
    this.#from = this.#to;
    const accepted = this.#receive(chunk);
    if (!accepted) return;
    this.#held++;
    this.#socket.pause();
    const taken = () => {
      if (--this.#held === 0) this.#socket.resume();
    };
    accepted.then(taken, taken);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** for the next read */
  #room(): Buffer {
    if (this.#from === this.#to) {
      this.#from = 0;
      this.#to = 0;
    }
    return this.#buffer.subarray(this.#to);
  }

  #take(length: number): void {
    this.#to += length;
    this.#bytes += length;
    if (this.#to >= enough) this.handOn();
    else this.#timer ??= setTimeout(() => this.handOn(), gathering);
  }
}
