// The types of what the app uses of signature_pad.
export interface Point { x: number; y: number; time: number; pressure: number }
export interface Stroke { points: Point[]; penColor?: string; dotSize?: number; minWidth?: number; maxWidth?: number; velocityFilterWeight?: number }
export default class SignaturePad extends EventTarget {
  constructor(canvas: HTMLCanvasElement, options?: Omit<Stroke, "points"> & { backgroundColor?: string })
  clear(): void
  isEmpty(): boolean
  toData(): Stroke[]
  fromData(strokes: Stroke[]): void
  toDataURL(type?: string): string
  on(): void
  off(): void
}
