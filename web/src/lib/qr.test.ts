import { describe, expect, it } from 'vitest';
import { matrixOf, moduleSize, QUIET_ZONE } from './qr.ts';

/** A text as long as a presentation's, of characters that QR's alphanumeric mode holds. */
const presentation = `FG1:${'0A $%*+-./:'.repeat(33).slice(0, 362)}`;

describe('the QR code', () => {
  it('of a presentation is version 11 at level M (ISO/IEC 18004 table 7: 366 characters)', () => {
    expect(presentation).toHaveLength(366);
    expect(matrixOf(presentation).version).toBe(11);
    expect(matrixOf(`${presentation}A`).version).toBe(12);
  });

  it('has four light modules on every side', () => {
    const { rows, size } = matrixOf(presentation);
    expect(QUIET_ZONE).toBe(4);
    expect(size).toBe(61 + 8);
    expect(rows).toHaveLength(size);
    for (const [y, row] of rows.entries()) {
      for (const [x, dark] of row.entries()) {
        const quiet = Math.min(x, y, size - 1 - x, size - 1 - y) < 4;
        if (quiet) expect(dark).toBe(false);
      }
    }
    // The finder pattern begins right after it.
    expect(rows[4]?.slice(4, 12)).toEqual([...Array(7).fill(true), false]);
  });

  it.each([
    [278, 1, 69, 4],
    [278, 2, 69, 8],
    [278, 1.5, 69, 6],
    [275, 1, 69, 3],
    [276, 1, 69, 4],
    [10, 1, 69, 1],
  ])('%i CSS pixels at ratio %f hold %i modules of %i', (room, ratio, modules, expected) => {
    expect(moduleSize(room, ratio, modules)).toBe(expected);
  });
});
