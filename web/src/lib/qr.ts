/** The QR code of a text, and how large its modules can be drawn. */

import { encode } from 'uqr';

/** ISO/IEC 18004 asks for four light modules on every side. */
export const QUIET_ZONE = 4;

export interface Matrix {
  /** Modules on a side, quiet zone included. */
  readonly size: number;
  readonly version: number;
  /** Rows from the top; true is dark. */
  readonly rows: readonly (readonly boolean[])[];
}

/** The code at error correction level M, quiet zone included. */
export function matrixOf(text: string): Matrix {
  const { size, version, data } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  return { size, version, rows: data };
}

/**
 * Device pixels per module: the largest whole number that fits, since modules of unequal width
 * are what cameras fail on.
 */
export function moduleSize(available: number, pixelRatio: number, modules: number): number {
  return Math.max(1, Math.floor((available * pixelRatio) / modules));
}

/** Paints the code, black on white in every colour scheme. */
export function paint(canvas: HTMLCanvasElement, matrix: Matrix, scale: number): void {
  canvas.width = matrix.size * scale;
  canvas.height = matrix.size * scale;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#000000';
  for (const [y, row] of matrix.rows.entries()) {
    for (const [x, dark] of row.entries()) {
      if (dark) context.fillRect(x * scale, y * scale, scale, scale);
    }
  }
}

/** The canvas as a picture file, the way a camera would hand it over. */
export function pictureOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('the browser made no picture of the code'));
      else resolve(blob);
    }, 'image/png');
  });
}
