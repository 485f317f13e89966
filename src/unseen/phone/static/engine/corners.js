export const guessCorners = () => null;
