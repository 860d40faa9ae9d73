import type { Mutant } from './mutants.js';

const OTHER_SYSTEMS = 'only items of other systems lack it, and no schedule has such items under a running service';
const MARK_HAS_NO_KEYS =
  'a mark and a tombstone have no keys, so “#key = :remembered” refuses them; without both: 333 schedules';
const LARGE = 'reachable in principle; large replies are rare, and so are two runs with one number';
const LATE_BEFORE_MARK =
  'only a refused begin that arrives right before its mark shows it; else its lease ends the turn';
const RARE_TAKEOVER = 'the dead run would have to complete between the read and the write of the run that replaces it';
const PLACE_ENDS = 'a place that is taken late ends by its time, and the turn that it belongs to has failed';
const EXPIRED_PLACE = 'an expired turn would have to have the number of a new one, and not be removed yet';
const OTHER_END = '“#until IN” refuses another lease, which ends at another time';
const REPLACED_TOO =
  'a turn that came between the look and the write is replaced too, and its caller cannot tell; `replaced-turns.spec` shows it';
const SECOND = 'the chat would have to expire between the read and the write of the same begin';

/**
 * Mutants that thousands of random schedules do not notice, and why: another condition covers them, or they are rare. If
 * both conditions are left out, it takes as many schedules from seed 1 as the reason says.
 */
export const NOT_REACHABLE: readonly (Mutant & { readonly why: string })[] = [
  ...listSame('begin', [
    [
      'NOT ended_at > :seen',
      'rare, 1 264 schedules: “#key” refuses it while the head remembers the key; without both: 42',
    ],
    ['attribute_exists(id)', '“turns BETWEEN” refuses an item that is absent; without both: 18 schedules'],
    ['turns BETWEEN :none AND :last', OTHER_SYSTEMS],
    [
      'attribute_not_exists(#key)',
      '“ended_at” refuses the same late begin while clocks are in step; without both: 42 schedules',
    ],
    ['attribute_not_exists(#mark)', '“#key” and “ended_at” refuse the same late begin, except for clocks apart'],
    ['(attribute_not_exists(updated_at) OR updated_at <= :seen)', '“ended_at” is written with every “updated_at”'],
    ['attribute_not_exists(updated_at)', OTHER_SYSTEMS],
    ['turns = :newest', REPLACED_TOO],
    ['attribute_not_exists(turns)', REPLACED_TOO],
  ]),
  ...listSame('begin with a key again', [
    ['turns = :newest', REPLACED_TOO],
    ['attribute_not_exists(#open)', 'rare, 332 schedules: “ended_at” refuses it once the turn between has ended'],
    [
      '#key = :remembered',
      '“ended_at” and “updated_at” refuse it while clocks are in step; without all three: 400 schedules',
    ],
    ['attribute_exists(id)', '“#key = :remembered” refuses an item that is absent'],
    ['attribute_not_exists(deleted_at)', MARK_HAS_NO_KEYS],
    ['(attribute_not_exists(expires_at) OR expires_at > :alive)', SECOND],
    ['NOT ended_at > :seen', '“updated_at” is written with “ended_at” by the turn that came between'],
    ['(attribute_not_exists(updated_at) OR updated_at <= :seen)', '“ended_at” is written with every “updated_at”'],
    ['attribute_not_exists(updated_at)', OTHER_SYSTEMS],
    ['attribute_not_exists(#mark)', '“#key = :remembered” and “ended_at” refuse the same late begin'],
    [
      'attribute_not_exists(title_id)',
      'a rename would have to come between the read and the write of a begin that retitles',
    ],
    ['turns BETWEEN :none AND :last', OTHER_SYSTEMS],
  ]),
  ...listSame('cancel new chat', [
    ['attribute_not_exists(id)', 'without it the tombstone replaces the chat at once, which nobody else can name'],
  ]),
  ...listSame('complete: continuation', [
    ['attribute_not_exists(id) OR expires_at <= :now OR lease = :lease', LARGE],
    ['attribute_not_exists(id)', LARGE],
    ['expires_at <= :now', LARGE],
    ['lease = :lease', LARGE],
  ]),
  ...listSame('mark as cancelled', [
    ['attribute_not_exists(#open)', LATE_BEFORE_MARK],
    ['#open.lease <> :lease', LATE_BEFORE_MARK],
    ['(attribute_not_exists(#open) OR #open.lease <> :lease)', LATE_BEFORE_MARK],
  ]),
  ...listSame('mark as deleted', [
    [
      'turns = :seen',
      'a delete may take a turn that ends before it; a mark that arrives after the delete has failed is rare',
    ],
    ['expires_at = :expiresAt', '“turns = :seen” and “#open” refuse every begin that renews the chat'],
    ['attribute_exists(id)', '“turns = :seen” refuses an item that is absent'],
    [
      'attribute_not_exists(#open)',
      'a turn that has begun since the read has changed “turns”; without both: 309 schedules',
    ],
    ['attribute_not_exists(deleted_at)', 'a second mark is the same; a tombstone has no “turns”'],
    ['attribute_not_exists(turns)', '“#open” refuses while the first turn of a legacy chat runs'],
  ]),
  ...listSame('cancel place', [['NOT contains(#m, :id)', PLACE_ENDS]]),
  ...listSame('take place', [
    ['NOT contains(#x, :id)', PLACE_ENDS],
    ['(attribute_not_exists(#x) OR size(#x) < :refunds)', 'no schedule has a hundred requests in a minute'],
  ]),
  ...listSame('remove dead places', [
    ['attribute_exists(id)', 'without it an empty item is written, which counts nothing'],
  ]),
  ...listSame('end expired lease', [
    ['#open.lease = :lease', OTHER_END],
    ['#open.#until IN (:old, :until)', 'a renewal, sent 18 s before the end, would have to arrive during the recovery'],
  ]),
  ...listSame('recover head', [
    ['#open.lease = :lease', 'rare, 918 schedules: another turn would have to begin during the recovery'],
  ]),
  ...listSame('end lease', [
    [
      '#open.lease = :lease',
      'the lease has ended by its time already, and another turn would have to begin in that moment',
    ],
  ]),
  ...listSame('complete', [
    [
      'attribute_not_exists(id) OR expires_at <= :now OR lease = :lease',
      'a late write then replaces its own failed turn, or a tombstone, and the sweep removes that turn',
    ],
  ]),
  ...listSame('remove continuation', [
    ['lease = :lease', 'two replies of several items would have to be written for one number at the same time'],
  ]),
  ...listSame('recover turn', [
    ['expires_at <= :now', EXPIRED_PLACE],
    [
      'attribute_not_exists(id) OR expires_at <= :now',
      'a late complete would have to arrive between the read and the write of the recovery',
    ],
  ]),
  ...listSame('mark as replaced', [
    [
      'attribute_exists(prompt)',
      'a mark that arrives after a delete meets a tombstone, which stays one; no schedule with marks has items that expire',
    ],
  ]),
  ...listSame('rename', [
    [
      'attribute_not_exists(deleted_at)',
      'a delete would have to mark the chat during the rename, and die: a title makes its mark look like a chat',
    ],
    ['attribute_not_exists(title_id)', 'as below, for the first rename of a chat'],
    ['attribute_exists(id)', 'a tombstone stays for a day, longer than any call is late'],
    ['title_id = :titleId', 'a third rename would have to end before the second one arrives'],
  ]),
  ...listSame('take key over', [
    ['lease = :lease', RARE_TAKEOVER],
    ['#status = :status', RARE_TAKEOVER],
  ]),
];

function listSame(write: string, reasons: readonly (readonly [string, string])[]): (Mutant & { why: string })[] {
  return reasons.map(([leftOut, why]) => ({ write, leftOut, why }));
}
