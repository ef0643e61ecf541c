/* The program: finds the command, starts MPI where it is wanted, prints the error, ends the process. */
int main(void) {
  return 0;
}
