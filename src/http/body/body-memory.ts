import { Injectable } from '@nestjs/common';
import { ServiceBusyError } from '../errors/http.errors.js';

const MEGABYTE = 1024 * 1024;

/**
 * Bounds what all bodies hold together while they are being read. Without room, the user whose bodies hold most gives up the
 * one that began first. So bodies that never end keep out neither other users nor a body that is sent at once.
 */
@Injectable()
export class BodyMemory {
  /** Bytes. Tests use less. */
  readonly limit: number = 64 * MEGABYTE;
  private held = 0;
  private readonly shares = new Map<string, Share>();

  /** Begins a body. Call `release` in any case. */
  open(userId: string): HeldBody {
    const share = this.shares.get(userId) ?? { held: 0, bodies: new Set() };
    this.shares.set(userId, share);
    const body = new HeldBody(userId, (bytes) => this.reserve(share, bytes));
    share.bodies.add(body);
    return body;
  }

  release(body: HeldBody): void {
    const share = this.shares.get(body.userId);
    if (!share?.bodies.delete(body)) return;
    const bytes = body.release();
    share.held -= bytes;
    this.held -= bytes;
    if (share.bodies.size === 0) this.shares.delete(body.userId);
  }

  private reserve(share: Share, bytes: number): void {
    share.held += bytes;
    this.held += bytes;
    while (this.held > this.limit) {
      const largest = [...this.shares.values()].reduce((one, other) => (other.held > one.held ? other : one));
      const [oldest] = largest.bodies;
      if (oldest === undefined) return;
      this.release(oldest);
      oldest.giveUp();
    }
  }
}

/** What the bodies of one user hold. */
interface Share {
  /** Bytes. */
  held: number;
  /** The one that began first is first. */
  readonly bodies: Set<HeldBody>;
}

/** The part of a body that has arrived, in one buffer: thousands of small chunks would take more than their bytes. */
export class HeldBody {
  /** Rejects with ServiceBusyError if the body is given up. */
  readonly givenUp: Promise<never>;
  /** Bytes that have arrived. */
  size = 0;
  private buffer = Buffer.alloc(0);
  private reserved = 0;
  private reject: (error: Error) => void = () => undefined;
  private isReleased = false;

  /** @param reserve - asks for bytes. It may give up this very body. */
  constructor(
    readonly userId: string,
    private readonly reserve: (bytes: number) => void,
  ) {
    this.givenUp = new Promise((_, reject) => (this.reject = reject));
    // The reader may have gone.
    this.givenUp.catch(() => undefined);
  }

  /** What has arrived; empty after the release. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.size);
  }

  /** Keeps a copy of a chunk, and nothing after the release. */
  add(chunk: Buffer): void {
    const size = this.size + chunk.length;
    if (size > this.reserved && !this.isReleased) this.reserveUpTo(Math.max(size, 2 * this.reserved));
    if (this.isReleased) return;
    if (this.buffer.length < this.reserved) this.buffer = Buffer.concat([this.bytes], this.reserved);
    chunk.copy(this.buffer, this.size);
    this.size = size;
  }

  private reserveUpTo(bytes: number): void {
    const more = bytes - this.reserved;
    // First, because the release may come from inside the call.
    this.reserved = bytes;
    this.reserve(more);
  }

  giveUp(): void {
    this.reject(new ServiceBusyError());
  }

  /** Drops the bytes. @returns how many were reserved. */
  release(): number {
    this.isReleased = true;
    this.buffer = Buffer.alloc(0);
    this.size = 0;
    return this.reserved;
  }
}
