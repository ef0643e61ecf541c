/*
 * A command with a trial's values put in: what is executed, with which arguments and variables.
 *
 * In arguments and variables {name} is a parameter's value, {trial} the number and {seed} the seed
 * of the trial; {{ and }} are braces. Every parameter is in the environment too, as
 * CAVIAR_PARAM_<name>, beside CAVIAR_TRIAL and CAVIAR_SEED. What a launcher of MPI told this process
 * about itself is left out, so that a program that uses MPI starts a job of its own.
 */
#ifndef CAVIAR_COMMAND_CALL_H
#define CAVIAR_COMMAND_CALL_H

#include "spec.h"

typedef enum { PIECE_END, PIECE_TEXT, PIECE_NAME, PIECE_WRONG } PieceType;

/* A piece of a text with placeholders: bytes to be taken as they are, a name between braces, or a
 * brace that is neither. */
typedef struct {
  PieceType type;
  const char *text;
  int length;
} Piece;

/* The one at *at, which moves behind it. */
Piece command_piece(const char **at);

/* Names that are no parameter's: trial, seed. */
bool command_is_reserved(const char *name, int length);

typedef struct {
  const char *file;  /* NULL: there is no such program */
  const char **argv; /* NULL-terminated */
  const char **envp;
  const char *path; /* the PATH in which it was looked for */
} CommandCall;

/* Reads the environment and looks for the program. */
void command_call(Arena *a, const CommandSpec *c, int64_t number, int64_t seed, CommandCall *out);

#endif
