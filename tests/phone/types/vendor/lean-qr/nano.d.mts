// The types of what the app uses of lean-qr.
export interface Code { readonly size: number; get(x: number, y: number): boolean }
export const correction: { readonly min: number; readonly L: number; readonly M: number; readonly Q: number; readonly H: number }
export function generate(text: string, options?: { minCorrectionLevel?: number; maxCorrectionLevel?: number }): Code
